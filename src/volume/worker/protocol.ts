/** What the engine and a volume worker say to each other: one job, progress in between, one outcome. */
import type { WantedMount } from "../options.ts";

export type Job =
  | { readonly kind: "mount"; readonly wanted: WantedMount; readonly target: string }
  /** Copies the tree at `from` into the directory `to`, and makes it durable. */
  | { readonly kind: "copy"; readonly from: string; readonly to: string };

/** So far, or altogether. */
export interface Copied {
  readonly files: number;
  readonly bytes: number;
}

export type FromWorker =
  | { readonly type: "progress"; readonly copied: Copied }
  | { readonly type: "done"; readonly copied: Copied }
  | { readonly type: "failure"; readonly message: string };

/** `cancelled` is one number, made other than 0 to stop the job. */
export interface ToWorker {
  readonly job: Job;
  readonly cancelled: SharedArrayBuffer;
}
