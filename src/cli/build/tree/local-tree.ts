/** A directory of the user's as it is sent to the engine: entries in fsutil's order, contents when they are asked for. */
import { walkFiles } from "../../../files/walk.ts";
import type { FilesWanted, OutgoingTree } from "../../../wire/file-transfer.ts";
import { followPaths } from "./follow.ts";
import { createSelection } from "./selection.ts";

/** `root` is absolute. */
export function localTree(root: string, wanted: FilesWanted): OutgoingTree {
  return {
    entries: walkFiles(root, createSelection(wanted, followPaths(root, wanted.follow))),
    read: (path) => Bun.file(`${root}/${path}`).stream(),
  };
}
