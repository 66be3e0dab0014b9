/** What images take on the disk, each layer counted once: sizes as Docker counts them, so that they add up with those of the list. */
import type { ImageSummary } from "../wire/image.ts";
import type { Catalog, Image } from "./catalog.ts";
import type { ImageContext } from "./context.ts";
import { listImages } from "./list.ts";
import type { Digest } from "./reference.ts";

export interface ImagesUsage {
  /** Of all layers. */
  readonly totalBytes: number;
  /** Of the layers that only images without a container have. */
  readonly reclaimableBytes: number;
  /** How many images have containers. */
  readonly active: number;
  /** With their shared sizes. */
  readonly items: readonly ImageSummary[];
}

export function imagesUsage(context: ImageContext): ImagesUsage {
  const { catalog, usedBy } = context;
  const used = catalog.all().filter(({ id }) => usedBy(id).length > 0);
  const totalBytes = layersSize(catalog);
  const items = listImages(context, { all: false, filters: new Map(), sharedSize: true });
  return {
    totalBytes,
    reclaimableBytes: totalBytes - sizeOfLayers(used),
    active: items.filter(({ Containers }) => Containers > 0).length,
    items,
  };
}

export function layersSize(catalog: Catalog): number {
  return sizeOfLayers(catalog.all());
}

function sizeOfLayers(images: readonly Image[]): number {
  const sizes = new Map<Digest, number>();
  for (const { layers } of images) for (const { diffId, sizeBytes } of layers) sizes.set(diffId, sizeBytes);
  return [...sizes.values()].reduce((total, bytes) => total + bytes, 0);
}
