/** What an exporter is given. */
import type { LayerBlob } from "../../image/content.ts";
import type { Digest, Reference } from "../../image/reference.ts";
import type { Exporter } from "../builder.ts";
import type { Statement } from "./image-json.ts";
import { type SolvedResult } from "./solved-result.ts";
import type { ImageSource } from "./write-image.ts";

export interface ExportRequest {
  readonly exporter: Exporter;
  /** By which the client knows where it shall go. */
  readonly index: number;
  readonly results: readonly SolvedResult[];
  readonly attestations: Attestations;
  /** The cache that goes into the image's configuration, as its text there; undefined for none. */
  readonly inlineCache: (source: ImageSource, blobs: readonly LayerBlob[]) => Promise<string | undefined>;
}

/** What is to be stated of the images that a build exports. */
export interface Attestations {
  readonly isAsked: boolean;
  /** False when only images that can hold them shall have them. */
  readonly isDemanded: boolean;
  /** Of images with these names: what is stated of the one with this manifest. */
  statementsFor(names: readonly Reference[]): (source: ImageSource, manifest: Digest) => Promise<readonly Statement[]>;
}

export const NO_ATTESTATIONS: Attestations = {
  isAsked: false,
  isDemanded: false,
  statementsFor: () => () => Promise.resolve([]),
};
