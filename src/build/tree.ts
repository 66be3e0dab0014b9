/** Results of operations: file trees as stacks of layers, which cost nothing to share, stack or throw away. */
import type { Digest } from "../image/reference.ts";
import type { OwnedFd } from "../kernel/fd.ts";

/** A layer of an image by its DiffID ("sha256:…"), or a directory of the build store ("build:…"), in overlayfs's format. */
export type LayerId = `sha256:${string}` | `build:${string}`;

/** The lowest layer first. */
export interface Tree {
  readonly layers: readonly LayerId[];
}

export const EMPTY_TREE: Tree = { layers: [] };

/** A tree that is mounted, nowhere in any mount table. */
export interface MountedTree extends Disposable {
  /** Its root directory. Belongs to the mount. */
  readonly root: OwnedFd;
}

/** A tree that the engine reads itself. */
export interface ReadTree extends MountedTree {
  /** It is a directory whose files never change, on the file system of the layers: they may have names in layers, too. */
  readonly isShareable: boolean;
}

/** A new layer on top of a tree, until it is committed or thrown away. */
export interface OpenLayer extends AsyncDisposable {
  readonly id: LayerId;
  /** Where its files lie. */
  readonly directory: string;
  /** Mounts base and layer as one writable tree. */
  mount(): MountedTree;
  /** The same at a path, as a container's root. The caller unmounts. */
  mountAt(path: string): void;
  /** Keeps the layer, an empty one as well. */
  commit(): Promise<Tree>;
}

/** Where trees are kept. Layers that nothing holds or records are collected. */
export interface TreeStore {
  begin(base: Tree): OpenLayer;
  /** Read-only. */
  mount(tree: Tree): MountedTree;
  /** The same without a mount where one directory is all of it. */
  read(tree: Tree): ReadTree;
  /**
   * The content of paths in a tree as one digest: names, modes, owners, links, attributes and bytes, never times (BuildKit's
   * contenthash). Throws notFound for a path that is not there.
   */
  contentDigest(tree: Tree, wanted: ContentWanted): Promise<string>;
  /** Keeps the tree's layers until the returned call. */
  hold(tree: Tree): () => void;
  /** The tree's layers as layers of images, made when they are not yet. The lowest first. */
  toImageLayers(tree: Tree): Promise<Digest[]>;
}

export interface ContentWanted {
  /** With wildcards when `wildcards`; links in them are followed inside the tree. */
  readonly paths: readonly string[];
  readonly wildcards: boolean;
  /** As `parents` in CopyAction. */
  readonly parents?: boolean;
  readonly exclude?: readonly string[];
}
