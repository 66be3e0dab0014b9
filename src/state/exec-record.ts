/** The durable record of an exec session, so that an engine that was killed can still tell how it ended. */
import type { ContainerId } from "../base/ids.ts";
import type { ExecCreateRequest } from "../wire/exec.ts";

export type ExecPhase =
  | { readonly at: "created" }
  | { readonly at: "starting" }
  | { readonly at: "running"; readonly pid: number }
  | { readonly at: "exited"; readonly exitCode: number /** Of one that ran. */; readonly pid?: number };

export interface ExecRecord {
  readonly id: string;
  readonly container: ContainerId;
  readonly request: ExecCreateRequest;
  readonly phase: ExecPhase;
}
