/**
 * Makes room when the disk runs full, if that is asked for: images without containers go, the one used longest ago first, until there is
 * as much room as wanted. Nothing that a container has is touched.
 */
import { statfs } from "node:fs/promises";
import { toUnixMs } from "../base/clock.ts";
import type { Image } from "./catalog.ts";
import type { ImageContext } from "./context.ts";
import type { Digest } from "./reference.ts";
import { deleteImages } from "./remove.ts";

/** Parts of the file system that are in use, in percent. */
export interface PressureLimits {
  /** Above this, images go. */
  readonly high: number;
  /** Until it is this or less. */
  readonly low: number;
  /** How much is in use, in percent; of the file system with the layers when left out. */
  readonly usedPercent?: () => Promise<number>;
}

const NO_LIMITS: PressureLimits = { high: 100, low: 100 };

export interface PressureCollector {
  /** Notes that a container was made of an image. What was used before the engine started counts as used then. */
  used(imageId: string): void;
  /** The ids of the images that had to go. */
  relieve(): Promise<Digest[]>;
}

/** Of the file system that `path` is on, as df(1) says it: what only root may use counts as used. */
async function usedPercentOf(path: string): Promise<number> {
  const { blocks, bfree, bavail } = await statfs(path);
  const used = blocks - bfree;
  return (100 * used) / (used + bavail);
}

/** `dir` is where the layers are. Without limits nothing is ever under pressure. */
export function createPressureCollector(
  context: ImageContext,
  dir: string,
  limits: PressureLimits | undefined,
): PressureCollector {
  const { high, low, usedPercent = () => usedPercentOf(dir) } = limits ?? NO_LIMITS;
  const since = Date.now();
  const uses = new Map<string, number>();
  const lastUse = ({ id, lastTaggedAt }: Image): number => Math.max(uses.get(id) ?? since, toUnixMs(lastTaggedAt) || 0);
  return {
    used: (imageId) => {
      uses.set(imageId, Date.now());
    },
    relieve: async () => {
      const gone: Digest[] = [];
      if ((await usedPercent()) <= high) return gone;
      const idle = context.catalog.all().filter(({ id }) => context.usedBy(id).length === 0);
      for (const image of idle.sort((a, b) => lastUse(a) - lastUse(b))) {
        const items = await deleteImages(context, [image]);
        gone.push(...(items.some(({ Deleted }) => Deleted === image.id) ? [image.id] : []));
        if ((await usedPercent()) <= low) break;
      }
      return gone;
    },
  };
}
