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

/** The least of three times. */
async function leastMs(act: () => Promise<unknown>): Promise<number> {
  const times: number[] = [];
  for (let round = 0; round < 3; round++) {
    const began = performance.now();
    await act();
    times.push(performance.now() - began);
  }
  return Math.min(...times);
}

test("npm start shows a container's output, and the next time within a second, or as long as npm itself takes six times", async () => {
  const start = async (): Promise<void> => {
    expect(await output(["npm", "start"], { cwd: REPO, env })).toContain("Hello from a container");
  };
  await start();
  const npmMs = await leastMs(() => output(["npm", "--version"], { cwd: REPO, env }));
  const startMs = await leastMs(start);
  expect(startMs).toBeLessThan(Math.max(1000, npmMs * 6));
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
