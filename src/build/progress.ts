/** What a build tells while it goes on. Every front end turns these into its own words; history keeps them for a replay. */
import type { Digest, SourcePlace } from "./operation.ts";

/** Times are Unix milliseconds with fractions. */
export type ProgressEvent =
  | VertexEvent
  | StatusEvent
  | {
      readonly kind: "log";
      readonly vertex: Digest;
      readonly stream: "stdout" | "stderr";
      readonly at: number;
      readonly bytes: Uint8Array;
    }
  | WarningEvent;

/** Told again with more of it as the vertex goes on; the last one counts. */
export interface VertexEvent {
  readonly kind: "vertex";
  readonly digest: Digest;
  readonly name: string;
  readonly inputs: readonly Digest[];
  readonly started?: number;
  readonly completed?: number;
  readonly cached?: boolean;
  readonly error?: string;
  readonly group?: { readonly id: string; readonly name: string };
}

/** A line below a vertex; `id` is the text that is shown. */
export interface StatusEvent {
  readonly kind: "status";
  readonly vertex: Digest;
  readonly id: string;
  readonly current: number;
  /** 0 when nobody knows. */
  readonly total: number;
  readonly started: number;
  readonly at: number;
  readonly completed?: number;
}

export interface WarningEvent {
  readonly kind: "warning";
  readonly vertex: Digest;
  readonly level: number;
  readonly short: string;
  readonly detail: readonly string[];
  readonly url: string;
  readonly place: SourcePlace | undefined;
}

export type Report = (event: ProgressEvent) => void;
