/** A context that lies in a directory of the engine: what `POST /build` was sent. */
import { createId } from "../../base/ids.ts";
import type { DirectorySource } from "../operation.ts";
import type { LoadedSource } from "../solver/solver.ts";
import type { LayerTrees } from "../trees/layer-trees.ts";

export interface DirectorySourceDeps {
  readonly trees: LayerTrees;
}

/** Whoever unpacked it deletes it after the build. */
export async function loadDirectory({ trees }: DirectorySourceDeps, { path }: DirectorySource): Promise<LoadedSource> {
  const name = `directory-${createId()}`;
  const { tree, release } = trees.adopt(path, name);
  return { tree, key: `directory:${name}`, release, isCached: false };
}
