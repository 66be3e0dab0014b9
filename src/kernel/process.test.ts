import { expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { tryLock } from "./flock.ts";
import { processStartTime, signalProcess } from "./process.ts";

test("signalProcess() signals the process that was meant and nobody after it", async () => {
  const child = Bun.spawn(["sleep", "60"]);
  const startTime = processStartTime(child.pid) ?? -1;
  expect(signalProcess(child.pid, startTime + 1, 9)).toBe(false);
  expect(signalProcess(child.pid, startTime, 0)).toBe(true);
  expect(signalProcess(child.pid, startTime, 9)).toBe(true);
  await child.exited;
  expect(child.signalCode).toBe("SIGKILL");
  expect(processStartTime(child.pid)).toBeUndefined();
  expect(signalProcess(child.pid, startTime, 0)).toBe(false);
});

test("an invalid signal is an error, not a missing process", () => {
  expect(() => signalProcess(process.pid, processStartTime(process.pid) ?? -1, 999)).toThrow(/invalid argument/);
});

test("tryLock() gives the lock to one holder at a time", () => {
  const root = mkdtempSync(join(tmpdir(), "tare-lock-"));
  const held = tryLock(join(root, "lock"));
  expect(tryLock(join(root, "lock"))).toBeUndefined();
  held?.release();
  held?.release();
  const again = tryLock(join(root, "lock"));
  expect(again).toBeDefined();
  again?.release();
  rmSync(root, { recursive: true });
});
