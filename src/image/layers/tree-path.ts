/** Walks paths in a layer's tree as a process would whose root it is: links are followed, and nothing leads out. */
import { TarError } from "../../base/tar/entry.ts";
import { DirectoryNode, type Inode, SymlinkNode } from "./tree.ts";

const MAX_LINKS = 40;
/** As deep as a path of PATH_MAX bytes can lead. */
const MAX_DEPTH = 2048;

/** Makes the directory `name`, where `found` stands so far; undefined ends the walk. */
type MakeDirectory = (parent: DirectoryNode, name: string, found: Inode | undefined) => DirectoryNode | undefined;

/** The directory at `path`. After openat2(2) with RESOLVE_IN_ROOT. */
export function walk(root: DirectoryNode, path: string, make: MakeDirectory): DirectoryNode | undefined {
  const trail: DirectoryNode[] = [];
  const pending = path.split("/").reverse();
  let here = root;
  let links = 0;
  for (let part = pending.pop(); part !== undefined; part = pending.pop()) {
    if (part === "" || part === ".") continue;
    if (part === "..") {
      here = trail.pop() ?? root;
      continue;
    }
    const found = here.entries.get(part);
    if (found instanceof SymlinkNode) {
      if (++links > MAX_LINKS) throw new TarError(`too many levels of symbolic links: ${path}`);
      if (found.target.startsWith("/")) [here, trail.length] = [root, 0];
      pending.push(...found.target.split("/").reverse());
      continue;
    }
    const next = found instanceof DirectoryNode ? found : make(here, part, found);
    if (next === undefined) return undefined;
    if (trail.push(here) > MAX_DEPTH) throw new TarError(`file name too long in archive: ${path.slice(0, 64)}…`);
    here = next;
  }
  return here;
}
