/** What the engine and a volume worker say to each other: one job, progress in between, one outcome. */
import type { Copied } from "../../files/copy-tree.ts";
import type { WantedMount } from "../options.ts";

export type Job =
  | { readonly kind: "mount"; readonly wanted: WantedMount; readonly target: string }
  /** Copies the tree at `from` into the directory `to`, and makes it durable. */
  | { readonly kind: "copy"; readonly from: string; readonly to: string }
  | { readonly kind: "survey"; readonly directory: string }
  /** Everything written to this directory's file system reaches the disk. */
  | { readonly kind: "sync"; readonly directory: string };

/** Of a mount nothing but that it is there. */
export interface Outcome extends Copied {
  /** Of a survey. */
  readonly fingerprint: string;
}

export type FromWorker =
  | { readonly type: "progress"; readonly copied: Copied }
  | { readonly type: "done"; readonly outcome: Outcome }
  | { readonly type: "failure"; readonly message: string };

/** `cancelled` is one number, made other than 0 to stop the job. */
export interface ToWorker {
  readonly job: Job;
  readonly cancelled: SharedArrayBuffer;
}
