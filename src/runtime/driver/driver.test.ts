import { afterAll, expect, test } from "bun:test";
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { CgroupLayout } from "../../kernel/cgroup-layout.ts";
import { isMended } from "./runc.ts";
import { createDrivers, type DriversDeps } from "./select.ts";

const dir = mkdtempSync(join(tmpdir(), "tare-drivers-"));
afterAll(() => rmSync(dir, { recursive: true }));

const PURE_V2: CgroupLayout = { v1: new Map(), v2: "/sys/fs/cgroup" };

/** A directory of programs that answer `--version` with these exit codes. */
function programs(name: string, codes: Readonly<Record<string, number>>): string {
  const path = join(dir, name);
  mkdirSync(path);
  for (const [program, code] of Object.entries(codes)) {
    writeFileSync(join(path, program), `#!/bin/sh\nexit ${code}\n`);
    chmodSync(join(path, program), 0o755);
  }
  return path;
}

const drivers = (changes: Partial<DriversDeps>) =>
  createDrivers({
    run: "/run/x",
    runtimes: {},
    defaultRuntime: undefined,
    searchPath: "",
    cgroups: () => PURE_V2,
    ...changes,
  });

test("crun is the default where it runs, runc where crun is missing or broken", () => {
  expect(drivers({ searchPath: programs("both", { crun: 0, runc: 0 }) }).defaultName).toBe("crun");
  expect(drivers({ searchPath: programs("only-runc", { runc: 0 }) }).defaultName).toBe("runc");
  expect(drivers({ searchPath: programs("broken-crun", { crun: 1, runc: 0 }) }).defaultName).toBe("runc");
});

test("a configured default is kept whatever there is", () => {
  expect(drivers({ searchPath: programs("default", { crun: 0 }), defaultRuntime: "runc" }).defaultName).toBe("runc");
});

test("without any runtime a start says what to install", () => {
  const none = drivers({ searchPath: programs("none", {}) });
  expect(() => none.get("")).toThrow(
    "no container can be started: crun is not installed: apt install crun; runc is not installed: apt install runc",
  );
  expect(() => none.get("runc")).toThrow("runc is not installed: apt install runc");
  expect(none.known("").name).toBe("crun");
});

test("a runtime that is installed later is found", () => {
  const searchPath = programs("later", {});
  const later = drivers({ searchPath });
  expect(() => later.get("crun")).toThrow("not installed");
  writeFileSync(join(searchPath, "crun"), "#!/bin/sh\n", { mode: 0o755 });
  expect(later.get("crun").run("id", false)[0]).toBe(join(searchPath, "crun"));
});

test("crun gives way to runc where version 2 has a controller that version 1 has not", () => {
  const v2 = join(dir, "unified");
  mkdirSync(v2);
  writeFileSync(join(v2, "cgroup.controllers"), "hugetlb\n");
  const hybrid = { v1: new Map([["memory", "/sys/fs/cgroup/memory"]]), v2 };
  const searchPath = programs("hybrid", { crun: 0, runc: 0 });
  const found = drivers({ searchPath, cgroups: () => hybrid });
  expect(found.defaultName).toBe("runc");
  expect(() => found.get("crun")).toThrow(`mount -t cgroup -o hugetlb cgroup ${join(dir, "hugetlb")}`);
  writeFileSync(join(v2, "cgroup.controllers"), "\n");
  expect(drivers({ searchPath, cgroups: () => hybrid }).defaultName).toBe("crun");
});

test("an unknown name is refused in Docker's words", () => {
  expect(() => drivers({}).get("nosuch")).toThrow("unknown or invalid runtime name: nosuch");
});

test("other runtimes are spoken to like runc, by their path and arguments", () => {
  const runtimes = { special: { path: "/opt/special", args: ["--debug"] } };
  const found = drivers({ runtimes });
  expect(found.names).toEqual(["crun", "runc", "special"]);
  expect(found.known("special").remove("id")).toEqual([
    "/opt/special",
    "--debug",
    "--root",
    "/run/x/special",
    "delete",
    "--force",
    "id",
  ]);
});

test("the monitor's files are named without a path", () => {
  const crun = drivers({ searchPath: programs("argv", { crun: 0 }) }).get("crun");
  const program = join(dir, "argv/crun");
  const base = [
    program,
    "--root",
    "/run/x/crun",
    "--cgroup-manager=cgroupfs",
    "--log",
    "runtime.log",
    "--log-format",
    "json",
  ];
  expect(crun.run("id", true)).toEqual([
    ...base,
    "run",
    "--detach",
    "--pid-file",
    "pid",
    "--console-socket",
    "console.sock",
    "--bundle",
    ".",
    "id",
  ]);
  expect(crun.exec("id", false)).toEqual([
    ...base,
    "exec",
    "--detach",
    "--pid-file",
    "pid",
    "--process",
    "process.json",
    "id",
  ]);
  expect(crun.remove("id")).toBeUndefined();
});

test.each([
  ["1.1.5+ds1", false],
  ["1.2.7", false],
  ["1.2.8", true],
  ["1.3.2", false],
  ["1.3.3", true],
  ["1.4.0", true],
  ["2.0.0", true],
  ["", false],
])("runc %p covers masked paths safely: %p", (version, expected) => {
  expect(isMended(version)).toBe(expected);
});
