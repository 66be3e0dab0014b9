/** SECURITY row 2, leaked descriptor or working directory (CVE-2024-21626): a host directory that stays open in the runtime is a way out. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { readlinkSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { TestEngine } from "../harness/engine.ts";
import { execute } from "./client.ts";
import { makeImage } from "./hostile-image.ts";

const DESCRIPTORS = Array.from({ length: 62 }, (_, index) => index + 3);
const REFUSED = "is invalid, it leads into a process's directory in /proc";
/** The names change places about every 100 µs: some of these sessions find the one at our look and the other at the runtime's chdir. */
const SESSIONS_PER_DESCRIPTOR = 20;

let engine: TestEngine;
let victim: string;

beforeAll(async () => {
  engine = await TestEngine.start();
  await makeImage(engine, {
    name: "leaker",
    exploits: { "/swap": "swap" },
    arrange: (root) => {
      for (const fd of DESCRIPTORS) symlinkSync(`../proc/self/fd/${fd}`, join(root, "tmp", `fd${fd}`));
      symlinkSync("/proc", join(root, "tmp", "p"));
    },
  });
  await makeImage(engine, { name: "leaker-by-workdir", changes: ["WORKDIR /proc/self/fd/7"] });
  victim = await engine.dockerOutput("run", "-d", "leaker", "sleep", "1000");
});
afterAll(async () => {
  await engine[Symbol.asyncDispose]();
});

test("a working directory among open descriptors is refused for a container", async () => {
  const spellings = [
    "/proc/self/fd/8",
    "/proc/1/fd/8",
    "/proc/thread-self/fd/8",
    "/proc/self/cwd",
    "/tmp/fd8",
    "/tmp/p/self/root/..",
  ];
  for (const path of ["", ...spellings]) {
    const image = path === "" ? ["leaker-by-workdir"] : ["-w", path, "leaker"];
    const { exitCode, stderr } = await engine.docker("run", "--rm", ...image, "pwd");
    expect(stderr).toContain(REFUSED);
    expect(exitCode).toBe(125);
  }
  expect(await engine.dockerOutput("ps", "-aq", "--filter", "status=running")).toBe(victim.slice(0, 12));
});

test.each(["/proc/self/fd/", "/tmp/fd", "/tmp/p/1/fd/"])("no session starts in %p3 to 64", async (prefix) => {
  for (const fd of DESCRIPTORS) {
    const { exitCode, output } = await execute(engine, victim, ["pwd"], { WorkingDir: `${prefix}${fd}` });
    expect(output).toContain(REFUSED);
    expect(exitCode).toBeGreaterThan(125);
  }
});

test("a working directory that is swapped for a descriptor while a session starts leads nowhere", async () => {
  const own = readlinkSync(`/proc/${await engine.dockerOutput("inspect", "-f", "{{.State.Pid}}", victim)}/ns/mnt`);
  const look = ["sh", "-c", "readlink /proc/self/cwd; readlink /proc/self/ns/mnt"];
  let landed = 0;
  for (const fd of [3, 4, 5, 6, 7, 8, 9, 10]) {
    const prepare = `mkdir /dir${fd}; ln -s /proc/self/fd/${fd} /link${fd}; /swap /dir${fd} /link${fd} & echo $! >/pid`;
    await execute(engine, victim, ["sh", "-c", `(${prepare}) >/dev/null 2>&1`]);
    for (let session = 0; session < SESSIONS_PER_DESCRIPTOR; session++) {
      const { output } = await execute(engine, victim, look, { WorkingDir: `/dir${fd}` }).catch(refusal);
      if (output === `/dir${fd}\n${own}\n` || output === `/link${fd}\n${own}\n`) landed++;
      else
        expect(output).toMatch(/leads into a process's directory|set in config.json failed: (no such file|not a dir)/);
    }
    await execute(engine, victim, ["sh", "-c", "kill $(cat /pid)"]);
  }
  expect(landed).toBeGreaterThan(0);
});

const refusal = (error: unknown): { output: string } => ({ output: String(error) });

const words = (text: string): string[] => text.split(/\s+/).filter(Boolean);
/** The last is the directory that ls is reading. */
const OPEN = ["0", "1", "2", "3"];

test("nothing but its three streams is open in a container and in a session", async () => {
  const look = ["ls", "/proc/self/fd"];
  for (const flags of [[], ["-t"], ["-i"], ["--init"]]) {
    const listed = await engine.dockerOutput("run", "--rm", ...flags, "leaker", ...look);
    expect(words(listed)).toEqual(OPEN);
  }
  expect(words((await execute(engine, victim, look)).output)).toEqual(OPEN);
});
