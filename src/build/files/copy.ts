/** One COPY: what its sources select goes to the destination, the content of directories, files by themselves (fsutil's copy). */
import { hasCode } from "../../base/errors.ts";
import { nameBytes } from "../../base/tar/entry.ts";
import { copyContents } from "../../files/copy-contents.ts";
import type { Place, TreeView } from "../../files/view.ts";
import { viewPath } from "../../files/view-request.ts";
import { isAllowedXattr } from "../../files/xattrs.ts";
import {
  fchmod,
  fchown,
  fchownat,
  futimens,
  linkat,
  makedev,
  mkdirat,
  mknodat,
  openat,
  openPath,
  setxattr,
  symlinkat,
  utimensat,
} from "../../kernel/at.ts";
import { O } from "../../kernel/open-flags.ts";
import { type FileStat, getXattr, listXattrs, readLink } from "../../kernel/read-at.ts";
import { type Selection, select } from "../content/select.ts";
import { walk } from "../content/walk.ts";
import type { CopyAction } from "../operation.ts";
import type { Attributes } from "./attributes.ts";
import { type Destination, typeOf } from "./destination.ts";
import { FreshDirectories } from "./fresh-directories.ts";
import { isOctalMode } from "./mode.ts";
import { unpackArchive } from "./unpack-archive.ts";

export interface CopyRequest {
  readonly view: TreeView;
  readonly action: CopyAction;
  readonly attributes: Attributes;
  /** Where what is changed in the destination comes to lie. */
  readonly layer: string;
  /** The source's files may have names in the layer as well. */
  readonly isShareable: boolean;
}

/** Throws MissingPath for a source that is not there. */
export async function copyInto(destination: Destination, request: CopyRequest): Promise<void> {
  const { view, action, attributes } = request;
  const { sources: paths, wildcards, parents, exclude } = action;
  const selected = select(view, { paths, wildcards, parents, exclude });
  const into = viewPath(action.destination);
  const isDirectory = parents || into.endsWith("/") || destination.typeAt(into) === "directory";
  const led: Stamped[] = [];
  for (const selection of selected) {
    using source = view.locate(selection.path, { follow: false });
    using copy = new EntryCopy(destination, request);
    led.push(...copy.leading(selection, into));
    if (selection.isDirectory) copy.directory(selection, parents ? joined(into, selection.name) : into);
    else if (await isUnpacked(destination, { source, into, action, attributes })) continue;
    else copy.file(source, isDirectory ? joined(into, selection.name) : into);
  }
  using last = new EntryCopy(destination, request);
  last.stamp(led);
}

type Stamped = readonly [path: string, stat: FileStat];

const joined = (directory: string, name: string): string =>
  name === "" ? directory : `${directory.replace(/\/+$/, "")}/${name}`;

interface ArchiveSource {
  readonly source: Place;
  readonly into: string;
  readonly action: CopyAction;
  readonly attributes: Attributes;
}

/** True when the file was an archive and its content has been unpacked. */
async function isUnpacked(
  destination: Destination,
  { source, into, action, attributes }: ArchiveSource,
): Promise<boolean> {
  if (action.unpack === "never" || source.stat.type !== "file") return false;
  const path = `/proc/self/fd/${source.fd}`;
  return unpackArchive(destination, { path, into, owner: attributes.owner, isRequired: action.unpack === "always" });
}

class EntryCopy implements Disposable {
  readonly #destination: Destination;
  readonly #view: TreeView;
  readonly #action: CopyAction;
  readonly #attributes: Attributes;
  /** Files with several names, by inode: where the first copy lies. */
  readonly #linked = new Map<string, string>();
  readonly #fresh: FreshDirectories;
  readonly #isShareable: boolean;

  constructor(destination: Destination, { view, action, attributes, layer, isShareable }: CopyRequest) {
    this.#destination = destination;
    this.#view = view;
    this.#action = action;
    this.#attributes = attributes;
    this.#fresh = new FreshDirectories(layer);
    this.#isShareable = isShareable;
  }

  [Symbol.dispose](): void {
    this.#fresh[Symbol.dispose]();
  }

  /** The content of a directory. The target keeps its mode and owner where it is there already. */
  directory({ path: from, filter }: Selection, to: string): void {
    const times: Stamped[] = [];
    this.#checkDirectory(to);
    this.#makeTop(to);
    const top = clean(this.#destination, to);
    for (const { place, relative } of walk(this.#view, from, filter)) {
      const path = joined(top, relative);
      if (place.stat.type !== "directory") {
        this.#entry(place, path);
        continue;
      }
      if (relative !== "") this.#makeDirectoryAt(place, path);
      times.push([path, place.stat]);
    }
    // Filling a directory changes its time.
    this.stamp(times);
  }

  /** The directories that lead to an entry are as in the source, unless they are there already. Returns those that were made. */
  leading({ leading }: Selection, into: string): Stamped[] {
    return leading.flatMap(({ path, name }): Stamped[] => {
      const to = joined(into, name);
      if (this.#destination.typeAt(to) !== undefined) return [];
      using place = this.#view.locate(path);
      const { directory, name: last } = this.#destination.parent(to, this.#attributes.owner);
      this.#makeDirectory(place, directory, last);
      return [[to, place.stat]];
    });
  }

  /** Gives directories their times, those that lie in others first. */
  stamp(directories: readonly Stamped[]): void {
    for (const [path, stat] of directories.toReversed()) this.#stamp(path, stat);
  }

  file(source: Place, to: string): void {
    this.#entry(source, to);
  }

  #checkDirectory(path: string): void {
    const type = this.#destination.typeAt(path);
    if (type !== undefined && type !== "directory") throw new Error(`cannot copy to non-directory: ${path}`);
  }

  /** A directory that is made for the copy takes the permissions that were asked for in numbers, no more. */
  #makeTop(path: string): void {
    const isNew = this.#destination.typeAt(path) === undefined;
    this.#destination.directory(path, this.#attributes.owner);
    const { mode } = this.#attributes;
    if (!isNew || mode === undefined || !isOctalMode(this.#action.mode)) return;
    using made = this.#destination.view.openDirectory(clean(this.#destination, path));
    fchmod(made.fd, mode("directory", 0o755) & 0o777);
  }

  #makeDirectoryAt(place: Place, path: string): void {
    const fresh = this.#fresh.parentOf(path);
    const { directory, name } = fresh ?? this.#destination.parent(path, this.#attributes.owner);
    const existing = fresh === undefined ? typeOf(directory, name) : undefined;
    if (existing !== undefined && existing !== "directory") throw new Error(`cannot copy to non-directory: ${path}`);
    if (existing === undefined && fresh === undefined) this.#fresh.made(path);
    this.#makeDirectory(place, directory, name, existing !== undefined);
  }

  #makeDirectory({ fd, stat }: Place, directory: number, name: string, exists = false): void {
    if (!exists) mkdirat(directory, nameBytes(name), 0o700);
    using made = openat(directory, nameBytes(name), O.RDONLY | O.DIRECTORY);
    this.#finish(made.fd, fd, stat, { times: false });
  }

  #stamp(path: string, stat: FileStat): void {
    using directory = this.#destination.view.openDirectory(clean(this.#destination, path));
    const time = this.#timeOf(stat);
    futimens(directory.fd, time, time);
  }

  #entry(place: Place, to: string): void {
    const fresh = this.#fresh.parentOf(to);
    const { directory, name } = fresh ?? this.#destination.parent(to, this.#attributes.owner);
    if (fresh === undefined) this.#destination.clear(directory, name);
    else if (this.#isShared(place, directory, name)) return;
    if (place.stat.links > 1 && place.stat.type === "file" && this.#isLinked(place, to)) return;
    switch (place.stat.type) {
      case "file":
        return this.#regular(place, directory, name);
      case "symlink":
        return this.#symlink(place, directory, name);
      case "char":
      case "block":
      case "fifo":
        return this.#node(place, directory, name);
      case "socket":
      case "directory":
    }
  }

  /** True when the source's own file has got a name in the layer: one that is as the copy would be. */
  #isShared(place: Place, directory: number, name: string): boolean {
    const { stat } = place;
    const { owner, mode } = this.#attributes;
    const isAlike = owner === undefined || (owner.uid === stat.uid && owner.gid === stat.gid);
    if (!this.#isShareable || stat.type !== "file" || !isAlike || this.#destination.epochNs !== undefined) return false;
    if (mode !== undefined && mode(stat.type, stat.mode) !== stat.mode) return false;
    try {
      place.link(directory, nameBytes(name));
      return true;
    } catch (error) {
      // It has as many names as there can be, or the file systems are not one.
      if (hasCode(error, "EMLINK") || hasCode(error, "EXDEV")) return false;
      throw error;
    }
  }

  /** True when the file was copied under another name already, to which this one is now a link. */
  #isLinked({ stat }: Place, to: string): boolean {
    const key = `${stat.device} ${stat.inode}`;
    const first = this.#linked.get(key);
    if (first === undefined) {
      this.#linked.set(key, to);
      return false;
    }
    using place = this.#destination.view.locate(first, { follow: false });
    using parent = this.#destination.view.openDirectory(place.path.split("/").slice(0, -1).join("/"));
    const { directory, name } = this.#destination.parent(to, this.#attributes.owner);
    linkat(parent.fd, nameBytes(place.path.split("/").at(-1) ?? ""), directory, nameBytes(name));
    return true;
  }

  #regular(place: Place, directory: number, name: string): void {
    using from = place.open(O.RDONLY | O.NONBLOCK);
    using to = openat(directory, nameBytes(name), O.WRONLY | O.CREAT | O.EXCL, 0o600);
    copyContents(from.fd, to.fd, place.stat.size, () => undefined);
    this.#finish(to.fd, from.fd, place.stat, { times: true });
  }

  #symlink({ fd, stat }: Place, directory: number, name: string): void {
    const { uid, gid } = this.#attributes.owner ?? stat;
    symlinkat(Buffer.from(readLink(fd), "latin1"), directory, nameBytes(name));
    fchownat(directory, nameBytes(name), uid, gid);
    utimensat(directory, nameBytes(name), this.#timeOf(stat), this.#timeOf(stat));
  }

  #node({ stat }: Place, directory: number, name: string): void {
    mknodat(directory, nameBytes(name), NODE_BITS[stat.type] | 0o600, makedev(stat.major, stat.minor));
    using node = openat(directory, nameBytes(name), O.PATH);
    const { uid, gid } = this.#attributes.owner ?? stat;
    fchown(node.fd, uid, gid);
    fchmod(node.fd, this.#modeOf(stat));
    futimens(node.fd, this.#timeOf(stat), this.#timeOf(stat));
  }

  /** In this order: a change of owner clears set-user-id and capabilities. */
  #finish(to: number, from: number, stat: FileStat, { times }: { times: boolean }): void {
    const { uid, gid } = this.#attributes.owner ?? stat;
    fchown(to, uid, gid);
    copyXattrs(from, to);
    fchmod(to, this.#modeOf(stat));
    if (times) futimens(to, this.#timeOf(stat), this.#timeOf(stat));
  }

  #modeOf({ type, mode }: FileStat): number {
    return this.#attributes.mode?.(type, mode) ?? mode;
  }

  #timeOf({ mtimeSec, mtimeNsec }: FileStat): bigint {
    return this.#destination.epochNs ?? BigInt(mtimeSec) * 1_000_000_000n + BigInt(mtimeNsec);
  }
}

const NODE_BITS: Readonly<Record<FileStat["type"], number>> = {
  file: 0o100000,
  directory: 0o040000,
  symlink: 0o120000,
  char: 0o020000,
  block: 0o060000,
  fifo: 0o010000,
  socket: 0o140000,
};

function clean(destination: Destination, path: string): string {
  using place = destination.view.locate(path);
  return place.path;
}

function copyXattrs(from: number, to: number): void {
  using readable = openPath(`/proc/self/fd/${from}`, O.RDONLY | O.NONBLOCK);
  for (const name of listXattrs(readable.fd)) {
    const value = isAllowedXattr(name) ? getXattr(readable.fd, name) : undefined;
    if (value !== undefined) setxattr(to, name, value);
  }
}
