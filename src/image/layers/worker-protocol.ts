/** What the engine and its archive workers say to each other: jobs by number, progress in between, one outcome each. */
import type { ArchiveIndex, IndexRequest } from "../archive/index-archive.ts";
import type { Arrived } from "./source.ts";
import type { LayerFacts, StageJob } from "./stage-layer.ts";

export type Job =
  | { readonly kind: "index"; readonly request: IndexRequest }
  | { readonly kind: "stage"; readonly request: StageJob };

export type Outcome =
  | { readonly kind: "index"; readonly index: ArchiveIndex }
  | { readonly kind: "stage"; readonly layer: LayerFacts };

export type ToWorker =
  | { readonly type: "job"; readonly id: number; readonly job: Job }
  /** More of a growing source is there. */
  | { readonly type: "arrived"; readonly id: number; readonly arrived: Arrived }
  | { readonly type: "interrupt"; readonly id: number };

export type FromWorker =
  | { readonly type: "progress"; readonly id: number; readonly bytes: number }
  | { readonly type: "result"; readonly id: number; readonly outcome: Outcome }
  /** `archive`: the input is to blame, not the machine. */
  | { readonly type: "failure"; readonly id: number; readonly message: string; readonly archive: boolean };
