/**
 * A file tree as a process inside of it sees it: a root directory, and other files put over paths below, as mounts would be,
 * though nothing is mounted. Paths are walked here, one name at a time through descriptors, so that links and ".." end at
 * the root and nobody who changes the tree meanwhile can lead a walk out of it.
 *
 * Paths have one character a byte; clean ones are "" for the root and "a/b" below.
 */
import { nameBytes } from "../base/tar/entry.ts";
import { type DirFd, linkat, linkOpen, type Name, openat, openInRoot, openPath } from "../kernel/at.ts";
import { ELOOP, ENOTDIR, SysError } from "../kernel/errno.ts";
import type { OwnedFd } from "../kernel/fd.ts";
import { O } from "../kernel/open-flags.ts";
import { type FileStat, readLink, statAt, statFd } from "../kernel/read-at.ts";

export interface ViewMount {
  /** A clean path without links. */
  readonly path: string;
  /** A directory or file; its owner is whoever made the view. */
  readonly fd: DirFd;
  readonly readOnly: boolean;
}

/** An entry that a walk has found, held open until its disposal. */
export interface Place extends Disposable {
  /** An O_PATH descriptor of the entry itself, or that of a mount. */
  readonly fd: number;
  /** Clean, without links. */
  readonly path: string;
  readonly stat: FileStat;
  /** What it lies in; the one with the path "" is the root. */
  readonly mount: ViewMount;
  /** The entry itself, opened for more than looking at it. The caller closes it. */
  open(flags: number): OwnedFd;
  /** Gives the entry another name, linkat(2). */
  link(directory: DirFd, name: Name): void;
}

/** As many links as the kernel follows in one walk, path_resolution(7). */
export const MAX_LINKS = 40;

export class TreeView {
  readonly root: ViewMount;
  #mounts = new Map<string, ViewMount>();

  constructor(root: DirFd, { readOnly = false } = {}) {
    this.root = { path: "", fd: root, readOnly };
  }

  /** Later ones cover earlier ones. */
  mount(mount: ViewMount): void {
    const below = `${mount.path}/`;
    this.#mounts = new Map([...this.#mounts].filter(([path]) => !path.startsWith(below)));
    this.#mounts.set(mount.path, mount);
  }

  /** Whether something is put over a clean path. */
  isMount(path: string): boolean {
    return this.#mounts.has(path);
  }

  /**
   * Walks any path. A last component that is a link is followed when asked to, or when a slash comes after it. Throws
   * SysError (ENOENT, ENOTDIR, ELOOP).
   */
  locate(path: string, { follow = true } = {}): Place {
    using trail = new Trail(this.#place(this.#mounts.get("") ?? this.root, ""));
    const pending = path.split("/").reverse();
    let links = 0;
    for (let name = pending.pop(); name !== undefined; name = pending.pop()) {
      if (trail.top.stat.type !== "directory") throw new SysError("walk", ENOTDIR, path);
      if (name === "..") trail.up();
      if (name === "" || name === "." || name === "..") continue;
      const found = this.child(trail.top, name);
      if (found.stat.type === "symlink" && (follow || pending.length > 0)) {
        using link = found;
        if (++links > MAX_LINKS) throw new SysError("walk", ELOOP, path);
        const target = readLink(link.fd);
        if (target.startsWith("/")) trail.toRoot();
        pending.push(...target.split("/").reverse());
      } else trail.push(found);
    }
    return trail.leave();
  }

  /** An entry of a directory, not followed. */
  child(directory: Pick<Place, "fd" | "path" | "mount">, name: string): Place {
    const path = directory.path === "" ? name : `${directory.path}/${name}`;
    const over = this.#mounts.size === 0 ? undefined : this.#mounts.get(path);
    if (over !== undefined) return this.#place(over, path);
    const own = openat(directory.fd, nameBytes(name), O.PATH);
    try {
      return new HeldPlace(path, own.fd, { mount: directory.mount, release: () => own.close() });
    } catch (error) {
      own.close();
      throw error;
    }
  }

  /**
   * The same in a tree that nobody changes meanwhile: the entry is known by its name, and a descriptor is spared until
   * somebody asks for it. Good for as long as the directory is held.
   */
  settledChild(directory: Place, name: string): Place {
    if (this.#mounts.size > 0) return this.child(directory, name);
    return new NamedPlace(directory, nameBytes(name), directory.path === "" ? name : `${directory.path}/${name}`);
  }

  /** A directory for reading, by its clean path; a link anywhere in it is refused (ELOOP). The caller closes it. */
  openDirectory(path: string): OwnedFd {
    const { fd, rest } = this.#nearest(path);
    return openInRoot(fd, rest === "" ? "." : nameBytes(rest), {
      flags: O.RDONLY | O.DIRECTORY,
      noSymlinks: true,
    });
  }

  /** The mount that a clean path lies in, and the path from there. */
  #nearest(path: string): { fd: DirFd; rest: string } {
    let nearest = this.#mounts.get("") ?? this.root;
    for (const mount of this.#mounts.values()) {
      const isOver = path === mount.path || path.startsWith(`${mount.path}/`);
      if (isOver && mount.path.length > nearest.path.length) nearest = mount;
    }
    return { fd: nearest.fd, rest: nearest.path === "" ? path : path.slice(nearest.path.length + 1) };
  }

  #place(mount: ViewMount, path: string): Place {
    return new HeldPlace(path, mount.fd, { mount, release: () => undefined });
  }
}

class HeldPlace implements Place {
  readonly path: string;
  readonly fd: number;
  readonly mount: ViewMount;
  readonly stat: FileStat;
  readonly #release: () => void;

  constructor(path: string, fd: number, { mount, release }: { mount: ViewMount; release: () => void }) {
    this.path = path;
    this.fd = fd;
    this.mount = mount;
    this.stat = statFd(fd);
    this.#release = release;
  }

  open(flags: number): OwnedFd {
    return openPath(`/proc/self/fd/${this.fd}`, flags);
  }

  link(directory: DirFd, name: Name): void {
    linkOpen(this.fd, directory, name);
  }

  [Symbol.dispose](): void {
    this.#release();
  }
}

class NamedPlace implements Place {
  readonly path: string;
  readonly mount: ViewMount;
  readonly stat: FileStat;
  readonly #directory: DirFd;
  readonly #name: Buffer;
  #own: OwnedFd | undefined;

  constructor({ fd, mount }: Place, name: Buffer, path: string) {
    this.path = path;
    this.mount = mount;
    this.stat = statAt(fd, name);
    this.#directory = fd;
    this.#name = name;
  }

  get fd(): number {
    this.#own ??= this.open(O.PATH);
    return this.#own.fd;
  }

  open(flags: number): OwnedFd {
    return openat(this.#directory, this.#name, flags);
  }

  link(directory: DirFd, name: Name): void {
    linkat(this.#directory, this.#name, directory, name);
  }

  [Symbol.dispose](): void {
    this.#own?.close();
  }
}

/** The directories of a walk so far, so that ".." leads to where the walk came from. */
class Trail {
  readonly #places: Place[] = [];
  readonly #root: Place;

  constructor(root: Place) {
    this.#root = root;
  }

  get top(): Place {
    return this.#places.at(-1) ?? this.#root;
  }

  push(place: Place): void {
    this.#places.push(place);
  }

  /** Stays at the root. */
  up(): void {
    this.#places.pop()?.[Symbol.dispose]();
  }

  toRoot(): void {
    while (this.#places.length > 0) this.up();
  }

  /** Hands the last place over. */
  leave(): Place {
    return this.#places.pop() ?? this.#root;
  }

  [Symbol.dispose](): void {
    this.toRoot();
  }
}
