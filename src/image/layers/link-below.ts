/**
 * Hard links of a layer to files of the layers below it, which one layer alone cannot hold: overlayfs makes them, in a directory that
 * then stands between the layer and those above.
 */
import { mkdirSync, readFileSync, rmSync } from "node:fs";
import { hasCode } from "../../base/errors.ts";
import { nameBytes, TarError } from "../../base/tar/entry.ts";
import { cleanPath } from "../../files/layer-path.ts";
import { linkat, openInRoot, openPath } from "../../kernel/at.ts";
import type { OwnedFd } from "../../kernel/fd.ts";
import { createMount } from "../../kernel/mount-api.ts";
import { O } from "../../kernel/open-flags.ts";
import { syncfs } from "../../kernel/sync.ts";
import type { LinkBelow } from "./tree.ts";

export interface LinkJob {
  /** The layer and all below it, the topmost first, as an overlay mount takes them. */
  readonly lowers: readonly string[];
  /** The layer's list of links. */
  readonly linksFile: string;
  /** Made here; its `tree` is what goes on top of the layer. */
  readonly directory: string;
}

export const linkedTree = (directory: string): string => `${directory}/tree`;

/** Throws TarError when a file to be linked to is in none of the layers. */
export function linkBelow({ lowers, linksFile, directory }: LinkJob): void {
  const [upper, work] = [linkedTree(directory), `${directory}/work`];
  for (const path of [directory, work]) mkdirSync(path, { mode: 0o700 });
  mkdirSync(upper, { mode: 0o755 });
  const links: readonly LinkBelow[] = JSON.parse(readFileSync(linksFile, "utf8"));
  {
    using merged = createMount({
      type: "overlay",
      options: [...lowers.map((lower) => ["lowerdir+", lower] as const), ["upperdir", upper], ["workdir", work]],
    });
    for (const link of links) makeLink(merged, link);
  }
  rmSync(work, { recursive: true });
  using opened = openPath(directory, O.RDONLY | O.DIRECTORY);
  syncfs(opened.fd);
}

function makeLink(root: OwnedFd, { path, target }: LinkBelow): void {
  const [from, to] = [cleanPath(target), cleanPath(path)];
  try {
    using source = openDirectory(root, from.directory);
    using parent = openDirectory(root, to.directory);
    linkat(source.fd, nameBytes(from.name), parent.fd, nameBytes(to.name));
  } catch (error) {
    if (!hasCode(error, "ENOENT") && !hasCode(error, "ENOTDIR") && !hasCode(error, "EPERM")) throw error;
    throw new TarError(`link ${target} ${path}: no such file or directory`, { cause: error });
  }
}

function openDirectory(root: OwnedFd, path: string): OwnedFd {
  return openInRoot(root.fd, path === "" ? "." : nameBytes(path), { flags: O.RDONLY | O.DIRECTORY });
}
