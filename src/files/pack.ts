/**
 * A file tree as a tar stream, in blocks, in bounded memory, for trees that somebody else may be changing: what vanishes
 * meanwhile is left out, what shrinks is filled with zeros, and nothing but regular files and directories is ever opened.
 * Runs where it is called and blocks; archive-streams.ts runs it in a worker. Entries come in the order of their names.
 */
import { readdirSync, readSync } from "node:fs";
import { hasCode } from "../base/errors.ts";
import { encodeHead, TAR_END, type TarHead } from "../base/tar/encode.ts";
import { type EntryType, padding } from "../base/tar/entry.ts";
import { openPath } from "../kernel/at.ts";
import { OwnedFd } from "../kernel/fd.ts";
import { O } from "../kernel/open-flags.ts";
import { type FileStat, getXattr, listXattrs, nextData, readLink } from "../kernel/read-at.ts";
import { type Block, Blocks } from "./blocks.ts";
import type { Place, TreeView, ViewMount } from "./view.ts";
import { isAllowedXattr, OPAQUE_XATTR } from "./xattrs.ts";

export interface PackOptions {
  /** What is packed: a path within the view, its last link not followed. Default: the whole tree. */
  readonly path?: string;
  /** What the entry of `path` is called; others begin with it. "" leaves it out: then `path` must be a directory. Default "". */
  readonly name?: string;
  /** Times to the nanosecond, in headers that take a kilobyte more each. Default: whole seconds, as Docker has them. */
  readonly exactTimes?: boolean;
  /** The tree is an overlay's upper directory: its deletions become those of an OCI layer. Default false. */
  readonly layer?: boolean;
}

/** Bytes of the archive that still are in a file, which is open until the next piece is asked for. */
export interface PackedRange {
  readonly file: number;
  readonly start: number;
  /** What lies beyond the file's end is zeros. */
  readonly end: number;
}

type Pieces = Generator<Block | PackedRange, void, undefined>;

/** So many bytes and more are better left in their file. */
const RANGE_BYTES = 256 * 1024;

/** Throws SysError, before the first block when `path` is not there. */
export function* packTree(view: TreeView, options: PackOptions = {}): Generator<Block, void, undefined> {
  using top = view.locate(options.path ?? "", { follow: false });
  yield* packBlocks(view, top, options);
}

/** The same for a place that has been found, which stays its owner's. */
export function* packBlocks(view: TreeView, top: Place, options: PackOptions): Generator<Block, void, undefined> {
  for (const piece of pack(view, top, { ...options, inRanges: false })) if (!("file" in piece)) yield piece;
}

/** The same for a reader who can send from files. Blocks are valid only until the next piece is asked for. */
export function packPieces(view: TreeView, top: Place, options: PackOptions): Pieces {
  return pack(view, top, { ...options, inRanges: true });
}

function* pack(view: TreeView, top: Place, options: PackOptions & { readonly inRanges: boolean }): Pieces {
  const { name = "", layer = false, exactTimes = false, inRanges } = options;
  const packer = new Packer(view, { layer, exactTimes, inRanges });
  yield* packer.entry(top, name);
  yield* packer.descend();
  yield* packer.finish();
}

/** A directory that is being gone through. */
interface Level {
  /** Within the view. */
  readonly path: string;
  /** What names of its entries begin with, the slash included. */
  readonly prefix: string;
  readonly mount: ViewMount;
  /** What is left, the next one last. */
  readonly names: string[];
}

interface PackerOptions {
  readonly layer: boolean;
  readonly exactTimes: boolean;
  readonly inRanges: boolean;
}

class Packer {
  readonly #view: TreeView;
  readonly #layer: boolean;
  readonly #exactTimes: boolean;
  readonly #inRanges: boolean;
  readonly #out: Blocks;
  /** Files with several links: what the first one is called in the archive. */
  readonly #linked = new Map<string, string>();
  readonly #levels: Level[] = [];

  constructor(view: TreeView, { layer, exactTimes, inRanges }: PackerOptions) {
    this.#view = view;
    this.#layer = layer;
    this.#exactTimes = exactTimes;
    this.#inRanges = inRanges;
    this.#out = new Blocks({ reuse: inRanges });
  }

  /** Everything below the directories met so far. One directory is open at a time, however deep they lie. */
  *descend(): Pieces {
    for (let level = this.#levels.at(-1); level !== undefined; level = this.#levels.at(-1)) {
      if (level.names.length === 0) this.#levels.pop();
      else yield* this.#goOn(level);
    }
  }

  *finish(): Pieces {
    this.#out.append(TAR_END);
    yield* this.#out.flush();
  }

  *entry(place: Place, name: string): Pieces {
    const { stat } = place;
    if (stat.type === "directory") this.#directory(place, name);
    else if (stat.type === "file") yield* this.#file(place, name);
    else this.#other(place, name);
    yield* this.#out.drain();
  }

  /** Entries of one directory, until one of them is a directory itself. */
  *#goOn(level: Level): Pieces {
    using directory = ifThere(() => this.#view.openDirectory(level.path));
    if (directory === undefined) {
      this.#levels.pop();
      return;
    }
    const depth = this.#levels.length;
    while (this.#levels.length === depth) {
      const name = level.names.pop();
      if (name === undefined) return;
      using place = ifThere(() => this.#view.child({ ...level, fd: directory.fd }, name));
      if (place !== undefined) yield* this.entry(place, level.prefix + name);
    }
  }

  #directory(place: Place, name: string): void {
    using directory = ifThere(() => reopen(place.fd, O.DIRECTORY));
    if (directory === undefined) return;
    const prefix = name === "" || name.endsWith("/") ? name : `${name}/`;
    if (name !== "") this.#head(place.stat, prefix, { type: "directory", pax: xattrRecords(directory.fd) });
    if (this.#layer && getXattr(directory.fd, OPAQUE_XATTR)?.toString() === "y") {
      this.#head(place.stat, `${prefix}.wh..wh..opq`, { type: "file" });
    }
    const names = readdirSync(directory.procPath, { encoding: "latin1" }).sort().reverse();
    this.#levels.push({ path: place.path, prefix, mount: place.mount, names });
  }

  *#file({ fd, stat }: Place, name: string): Pieces {
    if (this.#isKnownLink(stat, name)) return;
    using file = reopen(fd, 0);
    this.#head(stat, name, { type: "file", size: stat.size, pax: xattrRecords(file.fd) });
    if (stat.allocated < stat.size) yield* this.#sparseData(file, stat.size);
    else yield* this.#data(file, 0, stat.size);
    this.#out.zeros(padding(stat.size));
  }

  /** Stretches of a file, and zeros for what is missing at its end. */
  *#data(file: OwnedFd, start: number, end: number): Pieces {
    if (this.#inRanges && end - start >= RANGE_BYTES) {
      yield* this.#out.flush();
      yield { file: file.fd, start, end };
      return;
    }
    for (let at = start; at < end; ) {
      const room = this.#out.room(end - at);
      const got = readSync(file.fd, room, 0, room.length, at);
      if (got === 0) return yield* this.#hole(end - at);
      this.#out.advance(got);
      at += got;
      yield* this.#out.drain();
    }
  }

  /** Holes are not read. */
  *#sparseData(file: OwnedFd, size: number): Pieces {
    let at = 0;
    for (let data = nextData(file.fd, 0); data !== undefined && at < size; data = nextData(file.fd, at)) {
      const start = Math.min(data.start, size);
      const end = Math.min(data.end, size);
      yield* this.#hole(start - at);
      yield* this.#data(file, start, end);
      at = end;
    }
    yield* this.#hole(size - at);
  }

  *#hole(bytes: number): Pieces {
    for (let left = bytes; left > 0; ) {
      const count = this.#out.room(left).length;
      this.#out.zeros(count);
      left -= count;
      yield* this.#out.drain();
    }
  }

  #other({ fd, stat }: Place, name: string): void {
    const { type } = stat;
    // A socket means nothing without the process that listens on it.
    if (type === "socket" || type === "file" || type === "directory") return;
    if (this.#layer && type === "char" && stat.major === 0 && stat.minor === 0) {
      this.#head(stat, whiteoutOf(name), { type: "file", mode: 0o600 });
    } else if (type === "symlink") this.#head(stat, name, { type, linkName: readLink(fd) });
    else if (!this.#isKnownLink(stat, name)) this.#head(stat, name, { type });
  }

  /** True when another name of the same file has been packed; then a link to it is packed instead. */
  #isKnownLink(stat: FileStat, name: string): boolean {
    if (stat.links < 2) return false;
    const key = `${stat.device} ${stat.inode}`;
    const first = this.#linked.get(key);
    if (first === undefined) this.#linked.set(key, name);
    else this.#head(stat, name, { type: "link", linkName: first });
    return first !== undefined;
  }

  #head(stat: FileStat, name: string, own: Partial<TarHead> & { readonly type: EntryType }): void {
    const isDevice = own.type === "char" || own.type === "block";
    const { mode, uid, gid, mtimeSec } = stat;
    const device = isDevice ? { major: stat.major, minor: stat.minor } : NO_DEVICE;
    const plain = { name, linkName: "", mode, uid, gid, size: 0, mtimeSec, ...device, pax: NO_RECORDS, ...own };
    this.#out.append(encodeHead(this.#exactTimes ? withExactTime(plain, stat) : plain));
  }
}

/** Times before 1970 stay whole. */
function withExactTime(head: TarHead, { mtimeSec, mtimeNsec }: FileStat): TarHead {
  if (mtimeSec < 0 || mtimeNsec === 0) return head;
  return { ...head, pax: { ...head.pax, mtime: `${mtimeSec}.${String(mtimeNsec).padStart(9, "0")}` } };
}

const NO_DEVICE = { major: 0, minor: 0 } as const;
const NO_RECORDS: TarHead["pax"] = {};

/** The entry itself and nothing that has taken its name since. */
function reopen(fd: number, flags: number): OwnedFd {
  return openPath(`/proc/self/fd/${fd}`, O.RDONLY | O.NONBLOCK | O.NOCTTY | flags);
}

function xattrRecords(fd: number): TarHead["pax"] {
  const names = listXattrs(fd).filter(isAllowedXattr);
  if (names.length === 0) return NO_RECORDS;
  return Object.fromEntries(
    names.flatMap((name) => {
      const value = getXattr(fd, name);
      return value === undefined ? [] : [[`SCHILY.xattr.${name}`, value]];
    }),
  );
}

function whiteoutOf(name: string): string {
  const slash = name.lastIndexOf("/");
  return `${name.slice(0, slash + 1)}.wh.${name.slice(slash + 1)}`;
}

/** Undefined for what has gone, or become something else, since its name was read. */
function ifThere<T>(open: () => T): T | undefined {
  try {
    return open();
  } catch (error) {
    if (["ENOENT", "ENOTDIR", "ELOOP", "ESTALE"].some((code) => hasCode(error, code))) return undefined;
    throw error;
  }
}
