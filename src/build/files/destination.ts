/** Where copies go: directories of the target are found or made on the way, what is replaced is removed first. */
import { hasCode } from "../../base/errors.ts";
import { nameBytes } from "../../base/tar/entry.ts";
import { removeEntry } from "../../files/remove-entry.ts";
import { MAX_LINKS, type Place, type TreeView } from "../../files/view.ts";
import { fchown, futimens, mkdirat, openat } from "../../kernel/at.ts";
import { ELOOP, ENOTDIR, SysError } from "../../kernel/errno.ts";
import { O } from "../../kernel/open-flags.ts";
import { type FileStat, readLink, statAt } from "../../kernel/read-at.ts";
import type { Owner } from "./owner.ts";

const IMPLIED_MODE = 0o755;

export class Destination implements Disposable {
  readonly view: TreeView;
  /** The time that everything made here has; undefined is now. */
  readonly epochNs: bigint | undefined;
  #last: { readonly path: string; readonly place: Place } | undefined;

  constructor(view: TreeView, epoch: number | undefined) {
    this.view = view;
    this.epochNs = epoch === undefined ? undefined : BigInt(epoch) * 1_000_000_000n;
  }

  /** The directory at a path, with those that lead to it; new ones belong to `owner`. Valid until the next call. */
  directory(path: string, owner: Owner | undefined): Place {
    const clean = path.replace(/\/+$/, "");
    if (this.#last?.path === clean) return this.#last.place;
    this.#forget();
    const place = this.#findOrMake(clean, owner);
    this.#last = { path: clean, place };
    return place;
  }

  /** The directory that an entry lies in, and its name. Throws for the root. */
  parent(path: string, owner: Owner | undefined): { directory: number; name: string } {
    const clean = path.replace(/\/+$/, "");
    const slash = clean.lastIndexOf("/");
    return { directory: this.directory(clean.slice(0, Math.max(0, slash)), owner).fd, name: clean.slice(slash + 1) };
  }

  /** What is at a path, links followed; undefined when nothing is. */
  typeAt(path: string): FileStat["type"] | undefined {
    try {
      using place = this.view.locate(path);
      return place.stat.type;
    } catch (error) {
      if (hasCode(error, "ENOENT")) return undefined;
      throw error;
    }
  }

  /** Takes away what has a name, unless it is a directory: that is never replaced by a file. */
  clear(directory: number, name: string): void {
    const type = typeOf(directory, name);
    if (type === undefined) return;
    if (type === "directory") throw new Error(`cannot replace to directory /${name} with file`);
    removeEntry(directory, nameBytes(name));
  }

  [Symbol.dispose](): void {
    this.#forget();
  }

  #forget(): void {
    this.#last?.place[Symbol.dispose]();
    this.#last = undefined;
  }

  #findOrMake(path: string, owner: Owner | undefined): Place {
    try {
      return this.view.locate(`${path}/`);
    } catch (error) {
      if (!hasCode(error, "ENOENT")) throw error;
    }
    return this.#make(path, owner);
  }

  /** Walks as a process in the tree would, and makes what is not there: also where a link leads that leads nowhere yet. */
  #make(path: string, owner: Owner | undefined): Place {
    let at = this.view.locate("");
    const move = (next: Place): void => {
      at[Symbol.dispose]();
      at = next;
    };
    try {
      const pending = path.split("/").reverse();
      let links = 0;
      for (let name = pending.pop(); name !== undefined; name = pending.pop()) {
        if (name === "" || name === ".") continue;
        const next = name === ".." ? this.view.locate(parentPath(at.path)) : this.#childOrNew(at, name, owner);
        if (next.stat.type === "symlink") {
          using link = next;
          if (++links > MAX_LINKS) throw new SysError("walk", ELOOP, path);
          const target = readLink(link.fd);
          if (target.startsWith("/")) move(this.view.locate(""));
          pending.push(...target.split("/").reverse());
        } else move(next);
      }
      if (at.stat.type !== "directory") throw new SysError("mkdirat", ENOTDIR, path);
      return at;
    } catch (error) {
      at[Symbol.dispose]();
      throw error;
    }
  }

  #childOrNew(parent: Place, name: string, owner: Owner | undefined): Place {
    if (parent.stat.type !== "directory") throw new SysError("mkdirat", ENOTDIR, name);
    try {
      return this.view.child(parent, name);
    } catch (error) {
      if (!hasCode(error, "ENOENT")) throw error;
    }
    mkdirat(parent.fd, nameBytes(name), IMPLIED_MODE);
    using made = openat(parent.fd, nameBytes(name), O.RDONLY | O.DIRECTORY);
    if (owner !== undefined) fchown(made.fd, owner.uid, owner.gid);
    if (this.epochNs !== undefined) futimens(made.fd, this.epochNs, this.epochNs);
    return this.view.child(parent, name);
  }
}

const parentPath = (path: string): string => path.slice(0, Math.max(0, path.lastIndexOf("/")));

export function typeOf(directory: number, name: string): FileStat["type"] | undefined {
  try {
    return statAt(directory, nameBytes(name)).type;
  } catch (error) {
    if (hasCode(error, "ENOENT")) return undefined;
    throw error;
  }
}
