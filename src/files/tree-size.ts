/** What the files of a tree weigh, while a container may be changing it: nothing is followed out of the tree. */
import { lstat, readdir } from "node:fs/promises";
import { hasCode } from "../base/errors.ts";
import { openInRoot, openPath } from "../kernel/at.ts";
import type { OwnedFd } from "../kernel/fd.ts";
import { O } from "../kernel/open-flags.ts";

const DIRECTORY = O.RDONLY | O.DIRECTORY;

/** Bytes of everything but directories; a file with several links counts once (as moby's directory.Size). 0 for no tree. */
export async function treeSize(root: string): Promise<number> {
  using top = openIfThere(() => openPath(root, DIRECTORY));
  if (top === undefined) return 0;
  const counted = new Set<number>();
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
  readonly counted: Set<number>;
  readonly pending: Buffer[];
}

async function directorySize(directory: OwnedFd, path: Buffer, { counted, pending }: Walk): Promise<number> {
  let total = 0;
  for (const name of await readdir(directory.procPath, { encoding: "buffer" })) {
    const stats = await lstatIfThere(Buffer.concat([Buffer.from(`${directory.procPath}/`), name]));
    if (stats === undefined) continue;
    if (stats.isDirectory()) pending.push(Buffer.concat([path, Buffer.from("/"), name]));
    else if (!counted.has(stats.ino)) {
      total += stats.size;
      if (stats.nlink > 1) counted.add(stats.ino);
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

async function lstatIfThere(path: Buffer) {
  try {
    return await lstat(path);
  } catch (error) {
    if (hasCode(error, "ENOENT")) return undefined;
    throw error;
  }
}
