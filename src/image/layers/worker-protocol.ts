/** What the engine and its archive workers say to each other: jobs by number, progress in between, one outcome each. */

import type { Slice } from "../../files/compression.ts";
import type { ArchiveIndex, IndexRequest } from "../archive/index-archive.ts";
import type { DiffJob } from "../diff/diff-job.ts";
import type { BlockFormat } from "./compress-block.ts";
import type { LinkJob } from "./link-below.ts";
import type { Arrived } from "./source.ts";
import type { LayerFacts, StageJob } from "./stage-layer.ts";
import type { StoredJob } from "./stored-layer.ts";

export type Job =
  | { readonly kind: "diff"; readonly request: DiffJob }
  | { readonly kind: "index"; readonly request: IndexRequest }
  | { readonly kind: "stage"; readonly request: StageJob }
  | { readonly kind: "verify"; readonly request: StoredJob; readonly diffId: string }
  | { readonly kind: "extract"; readonly request: StoredJob }
  | { readonly kind: "link"; readonly request: LinkJob }
  /** A stretch of a layer's tar, for a push. */
  | { readonly kind: "compress"; readonly slice: Slice; readonly format: BlockFormat };

/** What each kind of job comes to. */
export interface Outcomes {
  /** JSON. */
  readonly diff: Uint8Array<ArrayBuffer>;
  readonly index: ArchiveIndex;
  readonly stage: LayerFacts;
  /** What is wrong, if anything. */
  readonly verify: string | undefined;
  readonly extract: undefined;
  readonly link: undefined;
  readonly compress: Uint8Array<ArrayBuffer>;
}

export type Outcome = { [Kind in Job["kind"]]: { readonly kind: Kind; readonly value: Outcomes[Kind] } }[Job["kind"]];

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
