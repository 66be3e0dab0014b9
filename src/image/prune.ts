/** Removing images that nothing uses (POST /images/prune), after moby daemon/images/image_prune.go (28.5). */
import { toUnixMs } from "../base/clock.ts";
import { booleanFilter, checkFilterKeys, type Filters, matchesLabels, pruneUntil } from "../wire/filters.ts";
import type { ImageDeleteItem, ImagePruneReport } from "../wire/image.ts";
import type { Image } from "./catalog.ts";
import type { ImageContext } from "./context.ts";
import { deleteImages } from "./remove.ts";
import { layersSize } from "./usage.ts";

const FILTERS: readonly string[] = ["dangling", "label", "label!", "until"];

/** Without `dangling=false` only images without a tag go. What containers use stays. Throws invalidParameter for bad filters. */
export async function pruneImages(context: ImageContext, filters: Filters): Promise<ImagePruneReport> {
  checkFilterKeys(filters, FILTERS);
  const onlyDangling = booleanFilter(filters, "dangling") ?? true;
  const isWanted = pruneFilter(filters);
  const before = layersSize(context.catalog);
  const images = context.catalog.all().filter((image) => isUnused(context, image, onlyDangling) && isWanted(image));
  const items: ImageDeleteItem[] = await deleteImages(context, images);
  const reclaimed = before - layersSize(context.catalog);
  context.emitPruned(reclaimed);
  return { ImagesDeleted: items.length === 0 ? null : items, SpaceReclaimed: reclaimed };
}

function isUnused({ catalog, usedBy }: ImageContext, { id }: Image, onlyDangling: boolean): boolean {
  const names = catalog.namesOf(id);
  const isTagged = names.some(({ digest }) => digest === undefined);
  const isIntermediate = names.length === 0 && catalog.childrenOf(id).length > 0;
  return !isIntermediate && !(onlyDangling && isTagged) && usedBy(id).length === 0;
}

function pruneFilter(filters: Filters): (image: Image) => boolean {
  const limit = pruneUntil(filters) ?? Number.POSITIVE_INFINITY;
  const labels = filters.get("label") ?? [];
  const notLabels = filters.get("label!") ?? [];
  return ({ parsed }) => {
    const own = parsed.config.Labels ?? {};
    const isExcluded = notLabels.length > 0 && matchesLabels(notLabels, own);
    // One without a time is as old as can be.
    return !(toUnixMs(parsed.created) > limit) && matchesLabels(labels, own) && !isExcluded;
  };
}
