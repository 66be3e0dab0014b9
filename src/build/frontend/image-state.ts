/** The image that a stage makes as its instructions go on: configuration and history. Values only; each change gives a new one. */
import type { ImageConfig } from "../../wire/image.ts";

export interface HistoryStep {
  readonly created?: string;
  readonly author?: string;
  readonly created_by?: string;
  readonly comment?: string;
  /** This step added no layer. */
  readonly empty_layer?: boolean;
}

export interface ImageState {
  readonly os: string;
  readonly architecture: string;
  readonly variant: string;
  readonly author: string;
  readonly config: ImageConfig;
  readonly history: readonly HistoryStep[];
}

const COMMENT = "buildkit.dockerfile.v0";

/** Times are filled in by the exporter, when the layers have theirs. */
export function withStep(image: ImageState, createdBy: string, addsLayer: boolean): ImageState {
  const step = { created_by: createdBy, comment: COMMENT, ...(addsLayer ? {} : { empty_layer: true }) };
  return { ...image, history: [...image.history, step] };
}

export function withConfig(image: ImageState, change: Partial<ImageConfig>): ImageState {
  return { ...image, config: { ...image.config, ...change } };
}

/** As config.json, which still lacks its layers. */
export function toConfigJson({ os, architecture, variant, author, config, history }: ImageState): string {
  const platform = { architecture, ...(variant === "" ? {} : { variant }), os };
  const made = author === "" ? {} : { author };
  return JSON.stringify({ ...made, ...platform, config, history, rootfs: { type: "layers", diff_ids: [] } });
}
