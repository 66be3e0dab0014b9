/** FROM: an image of the store, fetched first when it is missing or a fresh one is asked for. */

import type { RootLayers } from "../../image/images.ts";
import type { Digest } from "../../image/reference.ts";
import { packageUrlOf } from "../attest/package-url.ts";
import type { ImageSource } from "../operation.ts";
import { digest } from "../solver/keys.ts";
import type { LoadedSource, Step } from "../solver/solver.ts";
import type { TreeStore } from "../tree.ts";

export interface ImageSourceDeps {
  readonly trees: TreeStore;
  readonly rootLayers: RootLayers;
  /** Of the index or manifest that the image came with; its id when it came without. */
  readonly documentDigest: (id: Digest) => Digest;
  /** The id of the image that a reference names, which is there after it. Throws notFound. */
  readonly provide: (source: ImageSource, step: Step) => Promise<{ readonly id: Digest; readonly isNew: boolean }>;
}

export async function loadImage(deps: ImageSourceDeps, source: ImageSource, step: Step): Promise<LoadedSource> {
  const { id, isNew } = await deps.provide(source, step);
  const layers = deps.rootLayers.layersOf(id).map((diffId) => diffId as `sha256:${string}`);
  const tree = { layers };
  // Two images of the same files are one base: what they are configured to be is another matter.
  const material = {
    uri: packageUrlOf(source.reference, source.platform),
    digest: { sha256: deps.documentDigest(id).slice("sha256:".length) },
  };
  return { tree, key: digest("image", layers), release: deps.trees.hold(tree), isCached: !isNew, material };
}
