/** Health checks, the pure part: what to run, when, and what a result means (moby daemon/health.go). */
import type { ContainerConfig, Health, HealthLogEntry } from "../../wire/container.ts";

const NS_PER_MS = 1_000_000;
const KEPT_RESULTS = 5;

export interface HealthPlan {
  readonly args: readonly string[];
  readonly intervalMs: number;
  readonly timeoutMs: number;
  readonly retries: number;
  readonly startPeriodMs: number;
  readonly startIntervalMs: number;
}

export const INITIAL_HEALTH: Health = { Status: "starting", FailingStreak: 0, Log: [] };

/** A run that begins; what earlier probes said is kept. */
export const freshHealth = (before: Health | undefined): Health => ({ ...INITIAL_HEALTH, Log: before?.Log ?? [] });

/** Once nobody probes, because the run has ended or rests, a container counts as unhealthy (moby CloseMonitorChannel). */
export const unwatched = (health: Health | undefined): { health?: Health } =>
  health === undefined ? {} : { health: { ...health, Status: "unhealthy" } };

/** Undefined when the container has no check. */
export function planHealth(config: ContainerConfig): HealthPlan | undefined {
  const check = config.Healthcheck;
  const [kind, ...rest] = check?.Test ?? [];
  if (check === undefined || rest.length === 0 || kind === undefined || kind === "NONE") return undefined;
  const shell = config.Shell?.length ? config.Shell : ["/bin/sh", "-c"];
  return {
    args: kind === "CMD-SHELL" ? [...shell, ...rest] : rest,
    intervalMs: milliseconds(check.Interval, 30_000),
    timeoutMs: milliseconds(check.Timeout, 30_000),
    retries: check.Retries || 3,
    startPeriodMs: milliseconds(check.StartPeriod, 0),
    startIntervalMs: milliseconds(check.StartInterval, 5_000),
  };
}

function milliseconds(ns: number | undefined, otherwise: number): number {
  return ns ? ns / NS_PER_MS : otherwise;
}

/**
 * Until the start period is over or the first success, probes come at their own interval; but never later than one usual interval
 * after that period, which Docker's five seconds are where both are short.
 */
export function nextDelayMs(plan: HealthPlan, health: Health, sinceStartMs: number): number {
  const leftMs = plan.startPeriodMs - sinceStartMs;
  const isStarting = health.Status === "starting" && leftMs > 0;
  return isStarting ? Math.min(plan.startIntervalMs, leftMs + plan.intervalMs) : plan.intervalMs;
}

/** Failures within the start period do not count against a container that has not been healthy yet. */
export function assess(plan: HealthPlan, health: Health, result: HealthLogEntry, sinceStartMs: number): Health {
  const log = [...health.Log, result].slice(-KEPT_RESULTS);
  if (result.ExitCode === 0) return { Status: "healthy", FailingStreak: 0, Log: log };
  if (health.Status === "starting" && sinceStartMs < plan.startPeriodMs) return { ...health, Log: log };
  const streak = health.FailingStreak + 1;
  return { Status: streak >= plan.retries ? "unhealthy" : health.Status, FailingStreak: streak, Log: log };
}
