/** A container's state as users read it: a word, and the one line that `ps` shows (moby container/state.go). */
import { toUnixMs } from "../../base/clock.ts";
import { humanDuration } from "../../base/human-time.ts";
import { type ContainerState, ZERO_TIME } from "../../state/container-record.ts";
import type { ContainerStatus } from "../../wire/container.ts";

/** "starting" is not a word of the API: until the process runs Docker shows what was before. */
export function toStatus({ phase, restartCount, startedAt }: ContainerState): ContainerStatus {
  if (phase.at !== "starting") return phase.at;
  if (restartCount > 0) return "restarting";
  return startedAt === ZERO_TIME ? "created" : "exited";
}

export function statusText(state: ContainerState, nowMs: number): string {
  const since = (time: string): string => humanDuration(Math.max(0, nowMs - toUnixMs(time)));
  switch (toStatus(state)) {
    case "created":
      return "Created";
    case "running":
      return `Up ${since(state.startedAt)}${healthText(state)}`;
    case "paused":
      return `Up ${since(state.startedAt)} (Paused)`;
    case "restarting":
      return `Restarting (${state.exitCode}) ${since(state.finishedAt)} ago`;
    case "exited":
      return `Exited (${state.exitCode}) ${since(state.finishedAt)} ago`;
    case "removing":
      return "Removal In Progress";
    case "dead":
      return "Dead";
  }
}

function healthText({ health }: ContainerState): string {
  if (health === undefined || health.Status === "none") return "";
  return health.Status === "starting" ? " (health: starting)" : ` (${health.Status})`;
}
