/** What the API shows of one image, in the shape of Docker 28. */
import { toUnixMs } from "../base/clock.ts";
import type { ImageConfig, ImageHistoryItem, ImageInspect } from "../wire/image.ts";
import type { Image } from "./catalog.ts";
import type { ImageContext } from "./context.ts";
import { familiar, type Reference, repository } from "./reference.ts";

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

export function toInspect({ catalog }: ImageContext, image: Image): ImageInspect {
  const { parsed } = image;
  const names = catalog.namesOf(image.id);
  const layers = parsed.rootfs.diff_ids;
  return {
    Id: image.id,
    ...splitNames(names),
    Parent: image.parent,
    Comment: parsed.comment || (parsed.history.at(-1)?.comment ?? ""),
    ...(parsed.created === "" ? {} : { Created: parsed.created }),
    DockerVersion: parsed.docker_version,
    Author: parsed.author,
    Config: withoutEmpty(parsed.config),
    Architecture: parsed.architecture,
    ...(parsed.variant === "" ? {} : { Variant: parsed.variant }),
    Os: parsed.os,
    Size: sizeOf(image),
    GraphDriver: { Name: "overlay2", Data: null },
    RootFS: { Type: "layers", ...(layers.length === 0 ? {} : { Layers: layers }) },
    Metadata: { LastTagTime: image.lastTaggedAt },
    ...pulledFrom(names),
  };
}

/** Lists and maps without anything in them are shown as none at all. */
function withoutEmpty(config: ImageConfig): ImageConfig {
  const filled = <T extends object>(value: T | null): T | null =>
    value === null || Object.keys(value).length === 0 ? null : value;
  return {
    ...config,
    Env: filled(config.Env),
    Entrypoint: filled(config.Entrypoint),
    Cmd: filled(config.Cmd),
    Volumes: filled(config.Volumes),
    Labels: filled(config.Labels),
    OnBuild: filled(config.OnBuild ?? null),
  };
}

/** A name with a digest is where a registry had it. */
function pulledFrom(names: readonly Reference[]): Pick<ImageInspect, "Identity"> {
  const repositories = new Set(names.filter(({ digest }) => digest !== undefined).map(repository));
  if (repositories.size === 0) return {};
  return { Identity: { Pull: [...repositories].map((Repository) => ({ Repository })) } };
}

/** The newest step first. Steps of images that are stored themselves have their ids and tags (after moby image_history.go, 28.5). */
export function toHistory({ catalog }: ImageContext, image: Image): ImageHistoryItem[] {
  const sizes = image.layers.map(({ sizeBytes }) => sizeBytes);
  let layer = 0;
  const steps = image.parsed.history.map(
    (step): ImageHistoryItem => ({
      Id: "<missing>",
      Created: unixSec(step.created),
      CreatedBy: step.created_by,
      Tags: null,
      Size: step.empty_layer ? 0 : (sizes[layer++] ?? 0),
      Comment: step.comment,
    }),
  );
  let at: Image | undefined = image;
  return steps.reverse().map((step) => {
    if (at === undefined) return step;
    const { RepoTags } = splitNames(catalog.namesOf(at.id));
    const named = { ...step, Id: at.id, Tags: RepoTags.length === 0 ? null : RepoTags };
    at = catalog.get(at.parent);
    return named;
  });
}
