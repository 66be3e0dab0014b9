/** What to do with a container that the last engine left in some phase: a pure table over phase and findings. */
import type { Phase } from "../../state/container-record.ts";

export interface Findings {
  /** A monitor answers on the run's socket. */
  readonly monitor: boolean;
  /** The monitor left an exit record. */
  readonly exitRecord: boolean;
}

export type RecoveryStep =
  /** Its process runs (or is about to): watch it again. */
  | "adopt"
  /** Its process ended while no engine ran: record the end, follow the restart policy. */
  | "end"
  /** Its start never came to a process: undo what there is of it. */
  | "rollBack"
  /** Between two runs: wait for the restart again. */
  | "restartLater"
  /** Its removal was under way: finish it. */
  | "remove"
  /** Nothing runs: delete what a clean-up that was cut short has left. */
  | "tidy";

export function planRecovery(at: Phase["at"], found: Findings): RecoveryStep {
  switch (at) {
    case "starting":
      if (found.monitor) return "adopt";
      return found.exitRecord ? "end" : "rollBack";
    case "running":
    case "paused":
      return found.monitor ? "adopt" : "end";
    case "restarting":
      return "restartLater";
    case "removing":
      return "remove";
    case "created":
    case "exited":
    case "dead":
      return "tidy";
  }
}
