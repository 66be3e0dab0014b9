/**
 * SECURITY row 6, mount targets and subpaths swapped for links (CVE-2021-30465, moby GHSA-rg2x-37c3-w2rh): a container that shares a volume
 * exchanges a directory of it for a link to the host, while others are started with mounts below that directory, or from it.
 */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { TestEngine } from "../harness/engine.ts";
import { makeImage } from "./hostile-image.ts";

const MOUNTS = 50;
const RUNS = 100;

let engine: TestEngine;
/** A directory of the host that no container is given, but for reading. */
let outside: string;
let marked: string;

beforeAll(async () => {
  engine = await TestEngine.start();
  await makeImage(engine, { name: "racer", exploits: { "bin/swap": "swap" } });
  outside = join(engine.dir, "outside");
  marked = join(engine.dir, "marked");
  for (const directory of [outside, marked]) mkdirSync(directory);
  for (const number of numbers) mkdirSync(join(outside, `m${number}`));
  writeFileSync(join(marked, "marker"), "");
  writeFileSync(join(outside, "secret"), "");
});
afterAll(async () => {
  await engine[Symbol.asyncDispose]();
});

const numbers = Array.from({ length: MOUNTS }, (_none, at) => at);

/** Starts a container that exchanges the directory `target` of the volume and a link to the host's `outside`. */
async function race(volume: string): Promise<void> {
  const script = `mkdir -p /s/target && touch /s/target/inside && ln -s ${outside} /s/link && exec swap /s/target /s/link`;
  await engine.dockerOutput("run", "-d", "--network", "none", "-v", `${volume}:/s`, "racer", "sh", "-c", script);
}

const run = (mounts: readonly string[], script: string) =>
  engine.docker("run", "--rm", "--network", "none", ...mounts, "racer", "sh", "-c", script);

test("a mount below a directory that is a link now and then never lands outside of the container", async () => {
  await race("targets");
  const below = numbers.flatMap((number) => ["-v", `${marked}:/s/target/m${number}`]);
  // Mounted last: whatever had landed in the host's directory would show in it.
  const look = ["-v", `${outside}:/very/deep/down/below/here:ro`];
  let started = 0;
  for (let count = 0; count < RUNS; count++) {
    const { exitCode, stdout } = await run(["-v", "targets:/s", ...below, ...look], "find /very -name marker");
    expect(stdout).toBe("");
    if (exitCode === 0) started++;
  }
  expect(started).toBeGreaterThan(0);
  expect(readFileSync("/proc/self/mountinfo", "utf8")).not.toContain(`${outside}/m`);
}, 120_000);

test("a subpath that is a link now and then never shows what lies outside of its volume", async () => {
  await race("subpaths");
  const mounts = numbers.flatMap((number) => [
    "--mount",
    `type=volume,source=subpaths,target=/m${number},volume-subpath=target`,
  ]);
  const seen = new Set<string>();
  for (let count = 0; count < RUNS; count++) {
    const few = mounts.slice(0, 2 + 2 * (count % 3));
    const { exitCode, stdout, stderr } = await run(few, "ls /m*");
    expect(stdout).not.toContain("secret");
    seen.add(exitCode === 0 ? "shown" : (/escapes the base directory|no such file/.exec(stderr)?.[0] ?? stderr));
  }
  // The race was one: it was found both ways.
  expect([...seen].sort()).toEqual(["escapes the base directory", "shown"]);
}, 120_000);
