/** The files of an image as a container sees them: its layers laid over each other, deletions carried out. */
import { TarReader } from "../../base/tar/reader.ts";
import type { Slice } from "../../files/compression.ts";
import type { ArchiveLimits } from "../archive/limits.ts";
import { scanTar } from "../archive/scan-tar.ts";
import {
  type Attributes,
  DirectoryNode,
  type FileNode,
  type LayerTree,
  type SpecialNode,
  type SymlinkNode,
  WhiteoutNode,
} from "../layers/tree.ts";
import { TreeBuilder } from "../layers/tree-builder.ts";

/** Anything but a directory. */
export interface MergedLeaf {
  readonly node: FileNode | SymlinkNode | SpecialNode;
  /** The tar of its layer, where its bytes are. */
  readonly tar: Slice;
}

export interface MergedDirectory {
  attributes: Attributes;
  /** Names have one character a byte. */
  readonly entries: Map<string, MergedEntry>;
}

export type MergedEntry = MergedDirectory | MergedLeaf;

export const isDirectory = (entry: MergedEntry | undefined): entry is MergedDirectory =>
  entry !== undefined && "entries" in entry;

/** `tars` are those of the layers, the lowest first. Throws TarError. */
export function mergeLayers(tars: readonly Slice[], limits: ArchiveLimits): MergedDirectory {
  const root: MergedDirectory = { attributes: new DirectoryNode(NO_ATTRIBUTES).attributes, entries: new Map() };
  for (const tar of tars) {
    const tree = readTree(tar, limits);
    merge(root, tree.root, tar);
    for (const { path, target } of tree.linksBelow) link(root, path, target);
  }
  return root;
}

const NO_ATTRIBUTES: Attributes = { mode: 0o755, uid: 0, gid: 0, mtimeSec: 0, mtimeNsec: 0, xattrs: new Map() };

function readTree(tar: Slice, limits: ArchiveLimits): LayerTree {
  const tree = new TreeBuilder(limits);
  scanTar(tar, new TarReader(tree, limits));
  tree.finish();
  return tree;
}

function merge(into: MergedDirectory, from: DirectoryNode, tar: Slice): void {
  into.attributes = from.attributes;
  if (from.opaque) into.entries.clear();
  for (const [name, node] of from.entries) {
    if (node instanceof WhiteoutNode) into.entries.delete(name);
    else if (node instanceof DirectoryNode) merge(directoryAt(into, name), node, tar);
    else into.entries.set(name, { node, tar });
  }
}

function directoryAt(parent: MergedDirectory, name: string): MergedDirectory {
  const found = parent.entries.get(name);
  if (isDirectory(found)) return found;
  const made: MergedDirectory = { attributes: NO_ATTRIBUTES, entries: new Map() };
  parent.entries.set(name, made);
  return made;
}

/** A hard link to a file of a layer below. */
function link(root: MergedDirectory, path: string, target: string): void {
  const [from, to] = [find(root, target), find(root, path)];
  const leaf = from?.directory.entries.get(from.name);
  if (leaf !== undefined && to !== undefined) to.directory.entries.set(to.name, leaf);
}

function find(root: MergedDirectory, path: string): { directory: MergedDirectory; name: string } | undefined {
  const parts = path.split("/").filter((part) => part !== "" && part !== ".");
  const name = parts.pop();
  let directory: MergedEntry | undefined = root;
  for (const part of parts) directory = isDirectory(directory) ? directory.entries.get(part) : undefined;
  return isDirectory(directory) && name !== undefined ? { directory, name } : undefined;
}
