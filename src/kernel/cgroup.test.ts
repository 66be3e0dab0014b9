import { expect, test } from "bun:test";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { cgroupPids, childCgroups, oomKills, removeCgroup, setFrozen } from "./cgroup.ts";
import {
  type CgroupLayout,
  cgroupDirectories,
  controllerDirectory,
  detectCgroups,
  isPureV2,
  toCgroupLayout,
} from "./cgroup-layout.ts";
import { parseMountInfo } from "./mountinfo.ts";

const mountLine = (target: string, type: string, options: string): string =>
  `31 30 0:27 / ${target} rw,nosuid - ${type} ${type} ${options}`;

const LEGACY = [
  mountLine("/sys/fs/cgroup/cpu,cpuacct", "cgroup", "rw,cpu,cpuacct"),
  mountLine("/sys/fs/cgroup/memory", "cgroup", "rw,memory"),
  mountLine("/sys/fs/cgroup/systemd", "cgroup", "rw,xattr,release_agent=/lib/agent,name=systemd"),
];
const layoutOf = (...lines: string[]): CgroupLayout => toCgroupLayout(parseMountInfo(lines.join("\n")));

test.each([
  ["a pure version 2 machine", layoutOf(mountLine("/sys/fs/cgroup", "cgroup2", "rw")), true, "/sys/fs/cgroup/a/b"],
  ["a version 1 machine", layoutOf(...LEGACY), false, "/sys/fs/cgroup/memory/a/b"],
  [
    "a hybrid machine",
    layoutOf(mountLine("/sys/fs/cgroup/unified", "cgroup2", "rw"), ...LEGACY, mountLine("/x", "cgroup", "rw,memory")),
    false,
    "/sys/fs/cgroup/memory/a/b",
  ],
])("%s shows where memory is accounted", (_sentence, layout, pure, memory) => {
  expect(isPureV2(layout)).toBe(pure);
  expect(controllerDirectory(layout, "memory", "/a/b/")).toBe(memory);
});

test("controllers that are mounted together give one directory", () => {
  expect(cgroupDirectories(layoutOf(...LEGACY), "/a")).toEqual([
    "/sys/fs/cgroup/cpu,cpuacct/a",
    "/sys/fs/cgroup/memory/a",
    "/sys/fs/cgroup/systemd/a",
  ]);
});

test.each(["a", "/a/../b", ""])("a path that would lead elsewhere is refused: %j", (path) => {
  expect(() => cgroupDirectories(layoutOf(...LEGACY), path)).toThrow(RangeError);
});

const machine = detectCgroups();
const { v1 } = machine;
const freezerHierarchy = v1.get("freezer") ?? machine.v2 ?? "";

/** The machine's own layout, and its version 2 tree taken alone. */
const LAYOUTS: [string, CgroupLayout][] = [
  ["the machine's layout", machine],
  ["version 2 alone", { v1: new Map(), v2: machine.v2 }],
];

function makeCgroup(layout: CgroupLayout, path: string): void {
  for (const directory of cgroupDirectories(layout, path)) mkdirSync(directory, { recursive: true });
}

function moveInto(layout: CgroupLayout, path: string, pid: number): void {
  for (const directory of cgroupDirectories(layout, path)) {
    if (directory.startsWith(`${v1.get("cpuset") ?? "-"}/`)) continue; // A fresh cpuset takes none before it has cpus.
    writeFileSync(join(directory, "cgroup.procs"), String(pid));
  }
}

for (const [what, layout] of LAYOUTS) {
  test(`processes of a tree are found, frozen, thawed, and gone with its removal, on ${what}`, async () => {
    const parent = `/tare-test-${process.pid}`;
    makeCgroup(layout, `${parent}/a/inner`);
    const child = Bun.spawn(["sleep", "60"]);
    moveInto(layout, `${parent}/a/inner`, child.pid);
    expect(childCgroups(layout, parent)).toEqual(["a"]);
    expect(cgroupPids(layout, `${parent}/a`)).toEqual([child.pid]);
    await setFrozen(layout, `${parent}/a`, true);
    await setFrozen(layout, `${parent}/a`, false);
    await setFrozen(layout, `${parent}/a`, true);
    await removeCgroup(layout, parent);
    await child.exited;
    expect(child.signalCode).toBe("SIGKILL");
    expect(cgroupDirectories(layout, parent).filter((directory) => existsSync(directory))).toEqual([]);
    await removeCgroup(layout, parent);
  });
}

test("setFrozen() leaves the kernel's own state behind", async () => {
  const path = `/tare-test-frozen-${process.pid}`;
  makeCgroup(machine, path);
  await setFrozen(machine, path, true);
  const file = v1.has("freezer") ? "freezer.state" : "cgroup.freeze";
  expect(readFileSync(join(freezerHierarchy, path, file), "utf8").trim()).toMatch(/^(FROZEN|1)$/);
  await removeCgroup(machine, path);
});

test("oomKills() counts from nought and knows no count without the cgroup", async () => {
  const path = `/tare-test-oom-${process.pid}`;
  makeCgroup(machine, path);
  expect(oomKills(machine, path)).toBe(0);
  await removeCgroup(machine, path);
  expect(oomKills(machine, path)).toBeUndefined();
});

test("the root cgroup is never removed", async () => {
  expect(await removeCgroup(machine, "/").catch((error: unknown) => error)).toBeInstanceOf(RangeError);
});
