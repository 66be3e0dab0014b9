/** The one line that `ps` shows of a container's state (moby container/state.go String). */
import { toUnixMs } from "../../base/clock.ts";
import { humanDuration } from "../../base/human-time.ts";
import type { ContainerState } from "../../state/container-record.ts";

export function statusText(state: ContainerState, nowMs: number): string {
  const since = (time: string): string => humanDuration(Math.max(0, nowMs - toUnixMs(time)));
  switch (state.phase.at) {
    case "created":
    case "starting":
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
