/**
 * The directories of a view that an archive goes into: found or made, links followed within the view, the last one kept
 * open, since archives go through one directory at a time.
 */
import { hasCode } from "../base/errors.ts";
import { nameBytes } from "../base/tar/entry.ts";
import { mkdirat } from "../kernel/at.ts";
import { EROFS, SysError } from "../kernel/errno.ts";
import type { Place, TreeView } from "./view.ts";

/** Directories that no entry describes, as Docker makes them. */
const IMPLIED_MODE = 0o755;

export class LiveDirectories implements Disposable {
  readonly #view: TreeView;
  #last: { readonly path: string; readonly place: Place } | undefined;

  constructor(view: TreeView) {
    this.#view = view;
  }

  /** The directory at a path, made when missing. Belongs to this; valid until the next call. */
  at(path: string): Place {
    if (this.#last?.path === path) return this.#last.place;
    this.forget();
    const place = this.#findOrMake(path);
    this.#last = { path, place };
    return place;
  }

  /** The same for writing into it. Throws EROFS where the view is read-only. */
  writable(path: string): Place {
    const place = this.at(path);
    checkWritable(place);
    return place;
  }

  /** For when what a path leads through may have been replaced. */
  forget(): void {
    this.#last?.place[Symbol.dispose]();
    this.#last = undefined;
  }

  [Symbol.dispose](): void {
    this.forget();
  }

  #findOrMake(path: string): Place {
    try {
      return this.#view.locate(`${path}/`);
    } catch (error) {
      if (!hasCode(error, "ENOENT")) throw error;
    }
    const slash = path.lastIndexOf("/");
    using parent = this.#findOrMake(path.slice(0, Math.max(0, slash)));
    checkWritable(parent);
    try {
      mkdirat(parent.fd, nameBytes(path.slice(slash + 1)), IMPLIED_MODE);
    } catch (error) {
      // A link to nowhere: what it names is not made.
      if (!hasCode(error, "EEXIST")) throw error;
    }
    return this.#view.locate(`${path}/`);
  }
}

export function checkWritable({ mount, path }: Place): void {
  if (mount.readOnly) throw new SysError("open", EROFS, path);
}
