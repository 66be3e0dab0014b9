/** What the engine and its archive worker say to each other: one job at a time, progress in between, one outcome. */
import type { ArchiveIndex, IndexRequest } from "../archive/index-archive.ts";
import type { UnpackedLayer, UnpackRequest } from "./unpack-layer.ts";

export type Job =
  | { readonly kind: "index"; readonly request: IndexRequest }
  | { readonly kind: "unpack"; readonly request: UnpackRequest }
  /** Everything written to this directory's file system reaches the disk. */
  | { readonly kind: "sync"; readonly directory: string };

export type Outcome =
  | { readonly kind: "index"; readonly index: ArchiveIndex }
  | { readonly kind: "unpack"; readonly layer: UnpackedLayer }
  | { readonly kind: "sync" };

export type ToWorker = { readonly type: "job"; readonly job: Job } | { readonly type: "interrupt" };

export type FromWorker =
  | { readonly type: "progress"; readonly bytes: number }
  | { readonly type: "result"; readonly outcome: Outcome }
  /** `archive`: the input is to blame, not the machine. */
  | { readonly type: "failure"; readonly message: string; readonly archive: boolean };
