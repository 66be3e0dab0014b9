/** `npm start` on a machine that is set up: the engine starts, a container says hello, and again at once. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { namesOf, REPO } from "../harness/engine.ts";
import { output } from "../harness/process.ts";
import { residueOf } from "../harness/residue.ts";

let dir: string;
let env: Record<string, string>;
beforeAll(() => {
  dir = mkdtempSync("/var/tmp/tare-first-");
  env = { PATH: process.env.PATH ?? "", HOME: dir, TARE_ROOT: join(dir, "root"), TARE_RUN: join(dir, "run") };
});
afterAll(() => rmSync(dir, { recursive: true }));

test("npm start shows a container's output, and within a second the next time", async () => {
  const start = (): Promise<string> => output(["npm", "start"], { cwd: REPO, env });
  expect(await start()).toContain("Hello from a container");
  const times: number[] = [];
  for (let round = 0; round < 3; round++) {
    const began = performance.now();
    expect(await start()).toContain("Hello from a container");
    times.push(performance.now() - began);
  }
  expect(Math.min(...times)).toBeLessThan(1000);
  await endEngine();
});

test("doctor finds nothing missing on this machine, before an engine runs and after", async () => {
  const doctor = (): Promise<string> => output([join(REPO, "tare"), "doctor", "--format", "json"], { env });
  const states = (text: string): string[] => JSON.parse(text).map(({ state }: { state: string }) => state);
  expect(states(await doctor())).not.toContain("missing");
  await output([join(REPO, "tare"), "ps"], { env });
  expect(await doctor()).toContain("version 0.1.0, API 1.");
  await endEngine();
});

/** The engine that the command line started ends on SIGTERM and takes its bridge and rules with it. */
async function endEngine(): Promise<void> {
  const pid = Number(readFileSync(join(dir, "run/engine.pid"), "utf8"));
  process.kill(pid, "SIGTERM");
  await output(["tail", "--pid", String(pid), "-s", "0.02", "-f", "/dev/null"]);
  expect(residueOf(namesOf(dir, join(dir, "root")))).toEqual([]);
}
