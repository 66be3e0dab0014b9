/** What the API shows of one image, in the shape of Docker 28. */
import { toUnixMs } from "../base/clock.ts";
import type { ImageInspect } from "../wire/image.ts";
import type { Image } from "./catalog.ts";
import type { ImageContext } from "./context.ts";
import { familiar, type Reference } from "./reference.ts";

/** Names with a tag, and names with a digest, as people read them. */
export function splitNames(names: readonly Reference[]): { RepoTags: string[]; RepoDigests: string[] } {
  return {
    RepoTags: names.filter(({ digest }) => digest === undefined).map(familiar),
    RepoDigests: names.filter(({ digest }) => digest !== undefined).map(familiar),
  };
}

export function sizeOf({ layers }: Image): number {
  return layers.reduce((total, { sizeBytes }) => total + sizeBytes, 0);
}

/** Unix seconds; Docker shows Go's zero time for documents that do not say. */
export function createdSec({ parsed }: Image): number {
  return unixSec(parsed.created);
}

const ZERO_TIME_SEC = -62_135_596_800;

function unixSec(rfc3339: string): number {
  const ms = toUnixMs(rfc3339);
  return Number.isNaN(ms) ? ZERO_TIME_SEC : Math.floor(ms / 1000);
}

export function toInspect({ catalog, layers }: ImageContext, image: Image): ImageInspect {
  const { parsed } = image;
  const [upper, ...lowers] = layers.lowers(parsed.rootfs.diff_ids);
  const data = {
    ...(lowers.length > 0 ? { LowerDir: lowers.join(":") } : {}),
    ...(upper === undefined ? {} : { UpperDir: upper }),
  };
  return {
    Id: image.id,
    ...splitNames(catalog.namesOf(image.id)),
    Parent: image.parent,
    Comment: parsed.comment,
    Created: parsed.created,
    DockerVersion: parsed.docker_version,
    Author: parsed.author,
    Config: parsed.config,
    Architecture: parsed.architecture,
    ...(parsed.variant === "" ? {} : { Variant: parsed.variant }),
    Os: parsed.os,
    Size: sizeOf(image),
    GraphDriver: { Name: "overlay2", Data: upper === undefined ? null : data },
    RootFS: { Type: "layers", Layers: parsed.rootfs.diff_ids },
    Metadata: { LastTagTime: image.lastTaggedAt },
  };
}

export interface HistoryItem {
  Id: string;
  Created: number;
  CreatedBy: string;
  Tags: string[] | null;
  Size: number;
  Comment: string;
}

/** The newest step first. Only the image itself has an id and tags (after moby image_history.go, 28.5). */
export function toHistory({ catalog }: ImageContext, image: Image): HistoryItem[] {
  const sizes = image.layers.map(({ sizeBytes }) => sizeBytes);
  let layer = 0;
  const steps = image.parsed.history.map(
    (step): HistoryItem => ({
      Id: "<missing>",
      Created: unixSec(step.created),
      CreatedBy: step.created_by,
      Tags: null,
      Size: step.empty_layer ? 0 : (sizes[layer++] ?? 0),
      Comment: step.comment,
    }),
  );
  const [newest, ...older] = steps.reverse();
  if (newest === undefined) return [];
  const { RepoTags } = splitNames(catalog.namesOf(image.id));
  return [{ ...newest, Id: image.id, Tags: RepoTags.length === 0 ? null : RepoTags }, ...older];
}
