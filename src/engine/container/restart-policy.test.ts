import { expect, test } from "bun:test";
import type { RestartPolicyName } from "../../wire/host-config.ts";
import { restartDelayMs, shouldRestart, startsWithEngine } from "./restart-policy.ts";

const run = { exitCode: 1, durationMs: 5, restartCount: 0, stopRequested: false };

test.each<[string, RestartPolicyName, number, Partial<typeof run>, boolean]>([
  ["no policy never restarts", "no", 0, {}, false],
  ["always restarts a success", "always", 0, { exitCode: 0 }, true],
  ["always leaves alone what the user stopped", "always", 0, { stopRequested: true }, false],
  ["unless-stopped restarts a failure", "unless-stopped", 0, {}, true],
  ["on-failure leaves a success alone", "on-failure", 0, { exitCode: 0 }, false],
  ["on-failure without a limit goes on for ever", "on-failure", 0, { restartCount: 999 }, true],
  ["on-failure:3 restarts a third time", "on-failure", 3, { restartCount: 2 }, true],
  ["on-failure:3 ends after three restarts", "on-failure", 3, { restartCount: 3 }, false],
])("shouldRestart(): %s", (_what, Name, MaximumRetryCount, change, expected) => {
  expect(shouldRestart({ Name, MaximumRetryCount }, { ...run, ...change })).toBe(expected);
});

test("restartDelayMs() doubles from 100 ms to a minute and begins anew after a good run", () => {
  const delays: number[] = [];
  for (let delay = 0; delays.length < 12; delays.push(delay)) delay = restartDelayMs(delay, 5);
  expect(delays).toEqual([100, 200, 400, 800, 1600, 3200, 6400, 12_800, 25_600, 51_200, 60_000, 60_000]);
  expect(restartDelayMs(60_000, 10_000)).toBe(100);
});

test.each<[RestartPolicyName, boolean, boolean]>([
  ["always", true, true],
  ["unless-stopped", false, true],
  ["unless-stopped", true, false],
  ["on-failure", false, false],
  ["no", false, false],
])("startsWithEngine(%p, stopped by the user: %p) is %p", (Name, stopped, expected) => {
  expect(startsWithEngine({ Name, MaximumRetryCount: 0 }, stopped)).toBe(expected);
});
