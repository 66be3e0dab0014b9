/** The list of images and its filters, after moby daemon/images/images.go (28.5). */
import { toUnixMs } from "../base/clock.ts";
import { booleanFilter, checkFilterKeys, type Filters, matchesLabels, parseUntil } from "../wire/filters.ts";
import type { ImageSummary } from "../wire/image.ts";
import type { Catalog, Image } from "./catalog.ts";
import type { ImageContext } from "./context.ts";
import { compileGlob } from "./glob.ts";
import { createdSec, sizeOf, splitNames } from "./inspect.ts";
import { manifestsOf } from "./manifest-summary.ts";
import { type Digest, familiar, familiarRepository, type Reference } from "./reference.ts";

export interface ImageListOptions {
  /** Also images that others were built on. */
  readonly all: boolean;
  readonly filters: Filters;
  readonly sharedSize: boolean;
  /** With what is known of each image's manifests. */
  readonly manifests?: boolean;
}

const FILTERS: readonly string[] = ["dangling", "label", "before", "since", "reference", "until"];

/** The newest first. Throws invalidParameter for bad filters, notFound for images that `before` and `since` do not find. */
export function listImages(context: ImageContext, options: ImageListOptions): ImageSummary[] {
  checkFilterKeys(options.filters, FILTERS);
  const { catalog } = context;
  const isWanted = imageFilter(catalog, options.filters);
  const namesWanted = nameFilter(catalog, options);
  const useCounts = options.sharedSize ? countUses(catalog) : undefined;
  return catalog
    .all()
    .filter(isWanted)
    .flatMap((image) => {
      const names = namesWanted(image);
      if (names === undefined) return [];
      const summary = toSummary(context, image, names, useCounts);
      return [options.manifests === true ? { ...summary, ...manifestsOf(context, image) } : summary];
    })
    .sort((a, b) => b.Created - a.Created);
}

function imageFilter(catalog: Catalog, filters: Filters): (image: Image) => boolean {
  const times = (key: string): number[] => (filters.get(key) ?? []).map((ref) => createdMs(catalog.resolve(ref)));
  const until = (filters.get("until") ?? []).map(parseUntil);
  const before = Math.min(...times("before"), ...until, Number.POSITIVE_INFINITY);
  const since = Math.max(...times("since"), Number.NEGATIVE_INFINITY);
  const labels = filters.get("label") ?? [];
  return (image) => {
    const created = createdMs(image);
    return created < before && created > since && matchesLabels(labels, image.parsed.config.Labels ?? {});
  };
}

/** Images without a time are as old as can be. */
function createdMs({ parsed }: Image): number {
  const ms = toUnixMs(parsed.created);
  return Number.isNaN(ms) ? -Number.MAX_VALUE : ms;
}

/** The names to show of an image; undefined leaves it out. */
function nameFilter(catalog: Catalog, { all, filters }: ImageListOptions): (image: Image) => Reference[] | undefined {
  const dangling = booleanFilter(filters, "dangling");
  const patterns = filters.get("reference")?.map(compileGlob);
  const matches = (name: Reference): boolean =>
    patterns === undefined || patterns.some((match) => match(familiar(name)) || match(familiarRepository(name)));
  return ({ id }) => {
    const names = catalog.namesOf(id).filter(matches);
    if (names.length > 0) {
      const isTagged = names.some(({ tag }) => tag !== undefined);
      return dangling === true && isTagged ? undefined : names;
    }
    const isParent = catalog.childrenOf(id).length > 0;
    const isHidden = patterns !== undefined || dangling === false || (isParent && (!all || dangling === true));
    return isHidden ? undefined : [];
  };
}

function toSummary(
  { usedBy }: ImageContext,
  image: Image,
  names: readonly Reference[],
  useCounts: ReadonlyMap<Digest, number> | undefined,
): ImageSummary {
  return {
    Id: image.id,
    ParentId: image.parent,
    ...splitNames(names),
    Created: createdSec(image),
    Size: sizeOf(image),
    SharedSize: useCounts === undefined ? -1 : sharedSize(image, useCounts),
    Labels: image.parsed.config.Labels,
    Containers: usedBy(image.id).length,
  };
}

/** How many images have each layer. */
function countUses(catalog: Catalog): ReadonlyMap<Digest, number> {
  const uses = new Map<Digest, number>();
  for (const { layers } of catalog.all()) {
    for (const diffId of new Set(layers.map((layer) => layer.diffId))) uses.set(diffId, (uses.get(diffId) ?? 0) + 1);
  }
  return uses;
}

function sharedSize({ layers }: Image, uses: ReadonlyMap<Digest, number>): number {
  const shared = layers.filter(({ diffId }) => (uses.get(diffId) ?? 0) > 1);
  return shared.reduce((total, { sizeBytes }) => total + sizeBytes, 0);
}
