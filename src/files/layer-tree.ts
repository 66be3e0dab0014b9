/**
 * The directory a layer is unpacked into. Paths are walked by the kernel below its root (openat2), last components never
 * followed; what an entry replaces is removed first. Keeps the last directory open, since archives go through one at a time.
 */
import { hasCode } from "../base/errors.ts";
import { nameBytes } from "../base/tar/entry.ts";
import { fchmod, futimens, mkdirat, openat, openInRoot, openPath } from "../kernel/at.ts";
import type { OwnedFd } from "../kernel/fd.ts";
import { O } from "../kernel/open-flags.ts";
import { cleanPath, type LayerPath } from "./layer-path.ts";
import { removeEntry } from "./remove-entry.ts";

const OPEN_DIRECTORY = O.RDONLY | O.DIRECTORY;
/** Directories that no entry describes, as Docker makes them. */
const IMPLIED_MODE = 0o755;

export class LayerTree {
  readonly root: OwnedFd;
  #lastPath: string | undefined;
  #last: OwnedFd | undefined;

  constructor(directory: string) {
    this.root = openPath(directory, OPEN_DIRECTORY);
  }

  /** The directory at a clean path, made when missing. Belongs to the tree; valid until the next call. */
  directory(path: string): number {
    if (path === "") return this.root.fd;
    if (this.#last === undefined || this.#lastPath !== path) {
      this.forget();
      this.#last = this.#openOrMake(path);
      this.#lastPath = path;
    }
    return this.#last.fd;
  }

  /** The directory at a clean path for a hard link's target. Throws ENOENT when missing. The caller closes it. */
  existing(path: string): OwnedFd {
    return openInRoot(this.root.fd, path === "" ? "." : nameBytes(path), { flags: OPEN_DIRECTORY });
  }

  /** Runs `make` for the entry's directory and name; when the name is taken, removes what has it and runs `make` again. */
  put(path: LayerPath, make: (parent: number, name: Buffer) => void): void {
    const name = nameBytes(path.name);
    try {
      make(this.directory(path.directory), name);
      return;
    } catch (error) {
      if (!hasCode(error, "EEXIST")) throw error;
    }
    removeEntry(this.directory(path.directory), name);
    // The directory kept open may have been reached through what is gone now.
    this.forget();
    make(this.directory(path.directory), name);
  }

  /** Sets a directory's time, unless something else has its path by now. */
  stampDirectory(path: string, mtimeNs: bigint): void {
    try {
      using directory = openInRoot(this.root.fd, path === "" ? "." : nameBytes(path), {
        flags: OPEN_DIRECTORY | O.NOFOLLOW,
      });
      futimens(directory.fd, mtimeNs, mtimeNs);
    } catch (error) {
      if (!hasCode(error, "ENOENT") && !hasCode(error, "ENOTDIR") && !hasCode(error, "ELOOP")) throw error;
    }
  }

  /** Opens an entry that is a directory; ENOTDIR or ELOOP when it is not. The caller closes it. */
  openDirectory(path: LayerPath): OwnedFd {
    return openat(this.directory(path.directory), nameBytes(path.name), OPEN_DIRECTORY);
  }

  forget(): void {
    this.#last?.close();
    this.#last = undefined;
    this.#lastPath = undefined;
  }

  [Symbol.dispose](): void {
    this.forget();
    this.root.close();
  }

  #openOrMake(path: string): OwnedFd {
    try {
      return this.existing(path);
    } catch (error) {
      if (!hasCode(error, "ENOENT")) throw error;
    }
    const { directory, name } = cleanPath(path);
    using parent = directory === "" ? this.existing("") : this.#openOrMake(directory);
    mkdirat(parent.fd, nameBytes(name), IMPLIED_MODE);
    const made = openat(parent.fd, nameBytes(name), OPEN_DIRECTORY);
    fchmod(made.fd, IMPLIED_MODE);
    return made;
  }
}
