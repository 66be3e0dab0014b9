/**
 * SECURITY row 4, a hostile /dev (CVE-2025-52565, CVE-2026-41579): device nodes and the console are made by the runtime as the host's root,
 * before it is inside; a link in their place must not send them elsewhere.
 */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { lstatSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { TestEngine } from "../harness/engine.ts";
import { makeImage } from "./hostile-image.ts";

const CORE_PATTERN = "/proc/sys/kernel/core_pattern";
const RUNS = 25;

let engine: TestEngine;
/** A directory of the host that must stay as it is. */
let precious: string;
let before: string;

const stateOf = (dir: string): string =>
  readdirSync(dir)
    .map((name) => `${name} ${lstatSync(join(dir, name)).mode} ${readFileSync(join(dir, name), "utf8")}`)
    .join("\n");

beforeAll(async () => {
  engine = await TestEngine.start();
  precious = join(engine.dir, "precious");
  mkdirSync(precious);
  for (const name of ["null", "console", "pts"]) writeFileSync(join(precious, name), `the host's ${name}`);
  before = stateOf(precious);
  await makeImage(engine, { name: "plain", exploits: { "/swap": "swap" } });
  for (const [name, target] of [
    ["absolute", precious],
    ["relative", `../../../../../../..${precious}`],
    ["inside", "/etc"],
  ] as const) {
    await makeImage(engine, { name: `dev-${name}`, arrange: (root) => replaceByLink(join(root, "dev"), target) });
  }
});
afterAll(async () => {
  await engine[Symbol.asyncDispose]();
});

function replaceByLink(path: string, target: string): void {
  rmSync(path, { recursive: true });
  symlinkSync(target, path);
}

test.each(["absolute", "relative", "inside"])("an image whose /dev is an %s link is refused", async (kind) => {
  for (const flags of [[], ["-t"], ["--privileged"], ["--device", "/dev/null:/dev/mine"]]) {
    const { exitCode, stdout, stderr } = await engine.docker("run", "--rm", ...flags, `dev-${kind}`, "echo", "ran");
    expect([exitCode, stdout]).toEqual([125, ""]);
    expect(stderr).toContain("/dev is not a directory");
  }
  expect(stateOf(precious)).toBe(before);
});

test.each(["null", "console", "pts", "shm", "mqueue", "ptmx", "fd"])(
  "a volume over /dev with a link for %s leads nothing out of the container",
  async (name) => {
    const dev = join(engine.dir, `dev-${name}`);
    mkdirSync(dev);
    symlinkSync(join(precious, "null"), join(dev, name));
    for (const flags of [[], ["-t"]])
      await engine.docker("run", "--rm", ...flags, "-v", `${dev}:/dev`, "plain", "true");
    expect(stateOf(precious)).toBe(before);
    expect(await engine.dockerOutput("ps", "-aq")).toBe("");
  },
);

test(`a console that is swapped for a link during ${RUNS} starts gives no way to write to /proc/sys`, async () => {
  const shared = join(engine.dir, "shared");
  mkdirSync(join(shared, "pts"), { recursive: true });
  writeFileSync(join(shared, "console"), "");
  mkdirSync(join(shared, "fake"));
  for (const number of [0, 1, 2]) symlinkSync(CORE_PATTERN, join(shared, "fake", String(number)));
  symlinkSync(CORE_PATTERN, join(shared, "link"));
  const original = readFileSync(CORE_PATTERN);
  const swaps = "/swap /shared/console /shared/link & /swap /shared/pts /shared/fake & wait";
  const swapper = await engine.dockerOutput("run", "-d", "-v", `${shared}:/shared`, "plain", "sh", "-c", swaps);
  const attack = `for f in /dev/console /dev/pts/0 ${CORE_PATTERN}; do echo '|/evil' >$f; done 2>/dev/null; true`;
  try {
    for (let at = 0; at < RUNS; at++) {
      await engine.docker("run", "--rm", "-t", "-v", `${shared}:/dev`, "plain", "sh", "-c", attack);
      expect(readFileSync(CORE_PATTERN, "utf8")).toBe(original.toString());
    }
  } finally {
    if (!readFileSync(CORE_PATTERN).equals(original)) writeFileSync(CORE_PATTERN, original);
  }
  await engine.dockerOutput("rm", "-f", swapper);
});
