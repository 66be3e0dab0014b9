import { expect, test } from "bun:test";
import type { ContainerConfig, HealthConfig } from "../../wire/container.ts";
import { assess, INITIAL_HEALTH, nextDelayMs, planHealth } from "./assess.ts";

const planOf = (Healthcheck: HealthConfig) => planHealth({ Healthcheck } as ContainerConfig);
const result = (ExitCode: number) => ({ Start: "", End: "", ExitCode, Output: "" });
const SECOND_NS = 1_000_000_000;

test("planHealth() knows CMD, CMD-SHELL, NONE and the defaults", () => {
  expect(planOf({ Test: ["CMD", "a", "b"] })?.args).toEqual(["a", "b"]);
  expect(planOf({ Test: ["CMD-SHELL", "x && y"] })?.args).toEqual(["/bin/sh", "-c", "x && y"]);
  expect(planOf({ Test: ["NONE"] })).toBeUndefined();
  expect(planOf({ Test: [] })).toBeUndefined();
  expect(planOf({ Test: ["CMD", "a"] })).toMatchObject({ intervalMs: 30_000, timeoutMs: 30_000, retries: 3 });
});

test("assess() turns unhealthy at the last retry and healthy at once", () => {
  const plan = planOf({ Test: ["CMD", "a"], Retries: 2 });
  if (plan === undefined) throw new Error("no plan");
  const once = assess(plan, INITIAL_HEALTH, result(1), 0);
  expect(once).toMatchObject({ Status: "starting", FailingStreak: 1 });
  const twice = assess(plan, once, result(1), 0);
  expect(twice).toMatchObject({ Status: "unhealthy", FailingStreak: 2 });
  expect(assess(plan, twice, result(0), 0)).toMatchObject({ Status: "healthy", FailingStreak: 0 });
});

test("failures within the start period do not count, and probes come at the start interval", () => {
  const plan = planOf({ Test: ["CMD", "a"], Retries: 1, StartPeriod: 10 * SECOND_NS, StartInterval: SECOND_NS });
  if (plan === undefined) throw new Error("no plan");
  expect(assess(plan, INITIAL_HEALTH, result(1), 9_999)).toMatchObject({ Status: "starting", FailingStreak: 0 });
  expect(assess(plan, INITIAL_HEALTH, result(1), 10_000).Status).toBe("unhealthy");
  expect(nextDelayMs(plan, INITIAL_HEALTH, 5_000)).toBe(1_000);
  expect(nextDelayMs(plan, INITIAL_HEALTH, 11_000)).toBe(30_000);
});

test("nextDelayMs() does not wait for the default start interval when period and interval are shorter", () => {
  const plan = planOf({ Test: ["CMD", "a"], StartPeriod: SECOND_NS / 10, Interval: SECOND_NS / 5 });
  if (plan === undefined) throw new Error("no plan");
  expect(nextDelayMs(plan, INITIAL_HEALTH, 30)).toBe(270);
});

test("only the last five results are kept", () => {
  const plan = planOf({ Test: ["CMD", "a"] });
  if (plan === undefined) throw new Error("no plan");
  const health = [1, 2, 3, 4, 5, 6, 7].reduce((before, code) => assess(plan, before, result(code), 0), INITIAL_HEALTH);
  expect(health.Log.map(({ ExitCode }) => ExitCode)).toEqual([3, 4, 5, 6, 7]);
});
