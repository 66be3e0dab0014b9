/**
 * Directories that a copy has just made: nothing of the base lies in them and nobody has looked into them yet, so that they are
 * filled in the layer's own directory instead of through its mount. There, files that never change are shared by a link.
 */
import { nameBytes } from "../../base/tar/entry.ts";
import { openInRoot, openPath } from "../../kernel/at.ts";
import type { OwnedFd } from "../../kernel/fd.ts";
import { O } from "../../kernel/open-flags.ts";

export class FreshDirectories implements Disposable {
  readonly #layer: OwnedFd;
  /** The uppermost of them, a clean path. */
  #top: string | undefined;
  #last: { readonly path: string; readonly directory: OwnedFd } | undefined;

  /** `layer` is where the changes of the mounted tree lie. */
  constructor(layer: string) {
    this.#layer = openPath(layer);
  }

  /** A directory was made through the mount, and nothing in it was asked for. */
  made(path: string): void {
    this.#top = path;
  }

  /** Where an entry goes; undefined for one that does not lie in a directory that was made last. Valid until the next call. */
  parentOf(path: string): { directory: number; name: string } | undefined {
    if (this.#top === undefined || !path.startsWith(`${this.#top}/`)) return undefined;
    const slash = path.lastIndexOf("/");
    return { directory: this.#open(path.slice(0, slash)), name: path.slice(slash + 1) };
  }

  [Symbol.dispose](): void {
    this.#last?.directory.close();
    this.#layer.close();
  }

  #open(path: string): number {
    if (this.#last?.path !== path) {
      this.#last?.directory.close();
      const flags = O.RDONLY | O.DIRECTORY;
      this.#last = { path, directory: openInRoot(this.#layer.fd, nameBytes(path), { flags, noSymlinks: true }) };
    }
    return this.#last.directory.fd;
  }
}
