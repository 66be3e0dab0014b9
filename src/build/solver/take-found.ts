/** A result that others have solved becomes a tree of this engine. */
import type { LayerId, Tree } from "../tree.ts";
import type { LayerTrees } from "../trees/layer-trees.ts";
import type { FoundResult } from "./imported-cache.ts";

export interface Taking {
  /** What the result was made from: layers that the two share stay its. */
  readonly base: Tree;
  /** Records the tree, so that its layers are not collected. */
  readonly keep: (tree: Tree) => void;
}

/** Throws when a layer cannot be had. */
export async function takeFound(
  trees: LayerTrees,
  { layers, createdAt }: FoundResult,
  { base, keep }: Taking,
): Promise<Tree> {
  const below = await trees.toImageLayers(base);
  using holds = new DisposableStack();
  const taken: LayerId[] = [];
  for (const [at, { diffId, fetch }] of layers.entries()) {
    const shared = below[at] === diffId ? base.layers[at] : undefined;
    const id = shared ?? trees.take(diffId, createdAt, await fetch());
    holds.defer(trees.hold({ layers: [id] }));
    taken.push(id);
  }
  const tree = { layers: taken };
  keep(tree);
  return tree;
}
