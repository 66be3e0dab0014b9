/** What fetching from elsewhere needs. */
import type { LayerTrees } from "../trees/layer-trees.ts";

export interface RemoteSourceDeps {
  /** Fetched files and clones lie here. */
  readonly dir: string;
  readonly trees: LayerTrees;
  /** Directories in which programs such as git are looked for. */
  readonly searchPath: string;
}
