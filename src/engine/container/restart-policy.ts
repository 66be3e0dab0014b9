/** Restart policies: pure decisions (moby restartmanager). */
import type { RestartPolicy } from "../../wire/host-config.ts";

const FIRST_DELAY_MS = 100;
const LONGEST_DELAY_MS = 60_000;
/** A run of this length was a good one: the back-off begins anew. */
const GOOD_RUN_MS = 10_000;

export interface EndedRun {
  readonly exitCode: number;
  readonly durationMs: number;
  /** Restarts so far. */
  readonly restartCount: number;
  readonly stopRequested: boolean;
}

export function shouldRestart(policy: RestartPolicy, run: EndedRun): boolean {
  if (run.stopRequested) return false;
  switch (policy.Name) {
    case "always":
    case "unless-stopped":
      return true;
    case "on-failure":
      return run.exitCode !== 0 && (policy.MaximumRetryCount === 0 || run.restartCount < policy.MaximumRetryCount);
    case "":
    case "no":
      return false;
  }
}

/** The delay before the next restart, from the one before (0 at the first). */
export function restartDelayMs(previousMs: number, durationMs: number): number {
  if (previousMs === 0 || durationMs >= GOOD_RUN_MS) return FIRST_DELAY_MS;
  return Math.min(previousMs * 2, LONGEST_DELAY_MS);
}

/** Whether a container that ended is started again whenever an engine starts. */
export function startsWithEngine(policy: RestartPolicy, stopRequested: boolean): boolean {
  return policy.Name === "always" || (policy.Name === "unless-stopped" && !stopRequested);
}
