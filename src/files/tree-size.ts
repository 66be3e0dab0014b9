/** What the files of a tree weigh, while a container may be changing it: nothing is followed out of the tree. */
import { readdir } from "node:fs/promises";
import { hasCode } from "../base/errors.ts";
import { openInRoot, openPath } from "../kernel/at.ts";
import type { OwnedFd } from "../kernel/fd.ts";
import { O } from "../kernel/open-flags.ts";
import { statIfThere } from "../kernel/read-at.ts";

const DIRECTORY = O.RDONLY | O.DIRECTORY;
const SLASH = Buffer.from("/");
/** Files that are looked at before others may run: about a millisecond. */
const AT_ONCE = 256;

/** Bytes of everything but directories; a file with several links counts once (as moby's directory.Size). 0 for no tree. */
export async function treeSize(root: string): Promise<number> {
  using top = openIfThere(() => openPath(root, DIRECTORY));
  if (top === undefined) return 0;
  const counted = new Set<bigint>();
  const pending: Buffer[] = [Buffer.from(".")];
  let total = 0;
  for (let path = pending.pop(); path !== undefined; path = pending.pop()) {
    using directory = openIfThere(() => openInRoot(top.fd, path, { flags: DIRECTORY, noSymlinks: true }));
    if (directory !== undefined) total += await directorySize(directory, path, { counted, pending });
  }
  return total;
}

interface Walk {
  /** Inode numbers of files with several links. */
  readonly counted: Set<bigint>;
  readonly pending: Buffer[];
}

async function directorySize(directory: OwnedFd, path: Buffer, { counted, pending }: Walk): Promise<number> {
  let total = 0;
  for (const [at, name] of (await readdir(directory.procPath, { encoding: "buffer" })).entries()) {
    if (at % AT_ONCE === AT_ONCE - 1) await new Promise((resolve) => setImmediate(resolve));
    const stat = statIfThere(directory.fd, name);
    if (stat === undefined) continue;
    if (stat.type === "directory") pending.push(Buffer.concat([path, SLASH, name]));
    else if (!counted.has(stat.inode)) {
      total += stat.size;
      if (stat.links > 1) counted.add(stat.inode);
    }
  }
  return total;
}

function openIfThere(open: () => OwnedFd): OwnedFd | undefined {
  try {
    return open();
  } catch (error) {
    if (["ENOENT", "ENOTDIR", "ELOOP"].some((code) => hasCode(error, code))) return undefined;
    throw error;
  }
}
