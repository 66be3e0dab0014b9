/**
 * SECURITY row 5, redirected writes to /proc (CVE-2025-52881, CVE-2023-27561): runtimes write labels and settings below /proc, so neither an
 * image nor a volume may put something else there.
 */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdirSync, readdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { TestEngine } from "../harness/engine.ts";
import { makeImage } from "./hostile-image.ts";

let engine: TestEngine;
let volume: string;

beforeAll(async () => {
  engine = await TestEngine.start();
  volume = join(engine.dir, "volume");
  mkdirSync(volume);
  await makeImage(engine, {
    name: "proclink",
    arrange: (root) => {
      symlinkSync("/proc", join(root, "p"));
      symlinkSync("proc/sys", join(root, "s"));
      symlinkSync("../proc/self", join(root, "tmp", "me"));
    },
  });
  for (const [name, arrange] of Object.entries(ARRANGEMENTS)) {
    await makeImage(engine, { name, arrange: (root) => arrange(join(root, "proc")) });
  }
});
afterAll(async () => {
  await engine[Symbol.asyncDispose]();
});

const ARRANGEMENTS: Readonly<Record<string, (proc: string) => void>> = {
  "proc-is-a-link": (proc) => {
    rmSync(proc, { recursive: true });
    symlinkSync("/tmp", proc);
  },
  "proc-is-a-file": (proc) => {
    rmSync(proc, { recursive: true });
    writeFileSync(proc, "");
  },
};

test.each([
  "/proc",
  "/proc/",
  "/proc/sys",
  "/proc/self/attr",
  "/tmp/../proc",
  "//proc/1",
  "/p",
  "/p/sys/kernel",
  "/s",
  "/tmp/me/attr",
])("a mount on %s is refused, whatever its kind", async (target) => {
  for (const mount of [
    ["-v", `${volume}:${target}`],
    ["--mount", `type=bind,source=${volume},target=${target}`],
    ["--tmpfs", target],
    ["--mount", `type=tmpfs,target=${target}`],
    ["--privileged", "-v", `${volume}:${target}`],
  ]) {
    const { exitCode, stdout, stderr } = await engine.docker("run", "--rm", ...mount, "proclink", "echo", "ran");
    expect([exitCode, stdout]).toEqual([125, ""]);
    expect(stderr).toContain("cannot be mounted because it is inside /proc");
  }
  expect(await engine.dockerOutput("ps", "-aq")).toBe("");
  expect(readdirSync(volume)).toEqual([]);
});

test("a mount that the links of a volume would lead into /proc is refused", async () => {
  symlinkSync("/proc", join(volume, "p"));
  try {
    const mounts = ["-v", `${volume}:/v`, "-v", "/tmp:/v/p/sys"];
    const { exitCode, stderr } = await engine.docker("run", "--rm", ...mounts, "proclink", "true");
    expect(exitCode).toBe(125);
    expect(stderr).toContain("cannot be mounted because it is inside /proc");
  } finally {
    rmSync(join(volume, "p"));
  }
});

test.each(Object.keys(ARRANGEMENTS))("the image of which %s is refused", async (name) => {
  const { exitCode, stdout, stderr } = await engine.docker(
    "run",
    "--rm",
    "--sysctl",
    "net.ipv4.ip_forward=1",
    name,
    "true",
  );
  expect([exitCode, stdout]).toEqual([125, ""]);
  expect(stderr).toContain("/proc is not a directory");
});

test("what an image has in /proc is covered by the kernel's own", async () => {
  await makeImage(engine, {
    name: "proc-is-full",
    arrange: (root) => {
      mkdirSync(join(root, "proc/sys/net/ipv4"), { recursive: true });
      writeFileSync(join(root, "proc/sys/net/ipv4/ip_forward"), "fake");
    },
  });
  const look = "stat -f -c %T /proc/sys /proc/self; cat /proc/sys/net/ipv4/ip_forward";
  const flags = ["--sysctl", "net.ipv4.ip_forward=1"];
  expect(await engine.dockerOutput("run", "--rm", ...flags, "proc-is-full", "sh", "-c", look)).toBe("proc\nproc\n1");
});
