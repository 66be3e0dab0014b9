/**
 * A push parser of tar streams: bytes go in as they come, entries and their data come out, synchronously and with their
 * offsets. Everything it keeps is bounded by `limits`. Global extended headers are ignored, as Docker does.
 */
import { asBuffer } from "../bytes.ts";
import { BLOCK_BYTES, type EntryType, padding, type TarEntry, TarError } from "./entry.ts";
import { type Header, invalidHeader, isZeroBlock, parseHeader } from "./header.ts";
import { NO_RECORDS, type PaxRecords, parsePax, paxInteger, paxTimeNs, paxXattrs } from "./pax.ts";
import { SPARSE_NAME, type SparseMap, sparseMapOf } from "./sparse.ts";

export interface TarHandler {
  /** True when the handler understands files with holes; others never see one. */
  readonly takesSparse?: boolean;
  /** Data follows when `entry.size` is not 0; `end` comes after it in any case. */
  entry(entry: TarEntry): void;
  /** The bytes are only valid during the call. */
  data(chunk: Uint8Array): void;
  end(): void;
}

export interface TarLimits {
  readonly maxEntries: number;
  /** Of one extended header or long name, in bytes. */
  readonly maxExtensionBytes: number;
  /** Of a name or link target, in bytes. */
  readonly maxNameBytes: number;
}

/** Docker's own bound on extensions is 1 MiB (Go's archive/tar); names beyond PATH_MAX cannot be made anyway. */
export const DEFAULT_TAR_LIMITS: TarLimits = { maxEntries: 1_000_000, maxExtensionBytes: 1 << 20, maxNameBytes: 4096 };

const TYPES: Readonly<Record<string, EntryType>> = {
  "0": "file",
  "7": "file",
  S: "file",
  "1": "link",
  "2": "symlink",
  "3": "char",
  "4": "block",
  "5": "directory",
  "6": "fifo",
};

type Phase = "header" | "extension" | "data" | "skip" | "finished";

export class TarReader {
  readonly #handler: TarHandler;
  readonly #limits: TarLimits;
  #phase: Phase = "header";
  /** Bytes left of the current extension, data or padding. */
  #left = 0;
  #padding = 0;
  #offset = 0;
  #entries = 0;
  #zeroBlocks = 0;
  readonly #block: Buffer = Buffer.alloc(BLOCK_BYTES);
  #blockBytes = 0;
  #extension: { flag: string; body: Buffer } | undefined;
  #pax: PaxRecords = NO_RECORDS;
  #longName: string | undefined;
  #longLink: string | undefined;
  /** A header whose map of holes is still being read. */
  #sparse: { readonly header: Header; readonly map: SparseMap; blocks: number } | undefined;

  constructor(handler: TarHandler, limits: TarLimits = DEFAULT_TAR_LIMITS) {
    this.#handler = handler;
    this.#limits = limits;
  }

  /** Bytes taken in so far. */
  get offset(): number {
    return this.#offset;
  }

  /** How many coming bytes are data or padding: a reader of a file that wants no data may `skip` them. */
  get skippable(): number {
    if (this.#phase === "data") return this.#left + this.#padding;
    return this.#phase === "skip" ? this.#left : 0;
  }

  get finished(): boolean {
    return this.#phase === "finished";
  }

  /** Goes over `skippable` bytes as if they had been pushed, without data calls. */
  skip(): void {
    const wasData = this.#phase === "data";
    this.#offset += this.skippable;
    this.#left = 0;
    this.#phase = "header";
    if (wasData) this.#handler.end();
  }

  /** How many of the coming bytes are data of one entry. */
  get dataLeft(): number {
    return this.#phase === "data" ? this.#left : 0;
  }

  /** Goes over so many of them, which have reached their place in another way. */
  pass(bytes: number): void {
    this.#offset += bytes;
    this.#left -= bytes;
    if (this.#left === 0) this.#finishBody();
  }

  push(chunk: Uint8Array): void {
    const bytes = asBuffer(chunk);
    for (let at = 0; at < bytes.length; ) {
      if (this.#phase === "finished") {
        this.#offset += bytes.length - at;
        return;
      }
      const taken = this.#phase === "header" ? this.#pushHeader(bytes, at) : this.#pushBody(bytes, at);
      at += taken;
      this.#offset += taken;
      if (this.#phase === "header" && this.#blockBytes === BLOCK_BYTES) this.#finishHeader();
    }
  }

  /** To be called when the stream has ended. Throws TarError("unexpected EOF") in the middle of an entry. */
  close(): void {
    const between = this.#phase === "finished" || (this.#phase === "header" && this.#blockBytes === 0);
    const pending =
      this.#sparse !== undefined ||
      this.#pax !== NO_RECORDS ||
      this.#longName !== undefined ||
      this.#longLink !== undefined;
    if (!between || pending) throw new TarError("unexpected EOF");
  }

  #pushHeader(bytes: Buffer, at: number): number {
    const taken = bytes.copy(this.#block, this.#blockBytes, at, at + BLOCK_BYTES - this.#blockBytes);
    this.#blockBytes += taken;
    return taken;
  }

  #pushBody(bytes: Buffer, at: number): number {
    const taken = Math.min(this.#left, bytes.length - at);
    if (this.#phase === "data") this.#handler.data(bytes.subarray(at, at + taken));
    else if (this.#extension !== undefined && this.#phase === "extension") {
      bytes.copy(this.#extension.body, this.#extension.body.length - this.#left, at, at + taken);
    }
    this.#left -= taken;
    if (this.#left === 0) this.#finishBody();
    return taken;
  }

  #finishBody(): void {
    if (this.#phase === "data") this.#handler.end();
    if (this.#phase === "extension") this.#finishExtension();
    this.#left = this.#padding;
    this.#padding = 0;
    this.#phase = this.#left === 0 ? "header" : "skip";
  }

  #finishHeader(): void {
    this.#blockBytes = 0;
    if (this.#sparse !== undefined) return this.#continueSparse(this.#sparse);
    if (isZeroBlock(this.#block)) {
      this.#zeroBlocks++;
      if (this.#zeroBlocks === 2) this.#phase = "finished";
      return;
    }
    if (this.#zeroBlocks > 0) throw invalidHeader();
    const header = parseHeader(this.#block);
    if (this.#entries++ >= this.#limits.maxEntries) {
      throw new TarError(`archive has more than ${this.#limits.maxEntries} entries`);
    }
    if ("xgLK".includes(header.flag)) this.#beginExtension(header);
    else this.#beginFile(header);
  }

  #beginFile(header: Header): void {
    const map = sparseMapOf(header.flag, this.#block, this.#pax);
    if (map?.incomplete === true) this.#sparse = { header, map, blocks: 0 };
    else this.#beginEntry(header, map);
  }

  #continueSparse(sparse: { readonly header: Header; readonly map: SparseMap; blocks: number }): void {
    sparse.map.addBlock(this.#block);
    sparse.blocks += 1;
    if (sparse.blocks * BLOCK_BYTES > this.#limits.maxExtensionBytes) {
      throw new TarError(`map of a sparse file is larger than ${this.#limits.maxExtensionBytes}`);
    }
    if (sparse.map.incomplete) return;
    this.#sparse = undefined;
    this.#beginEntry(sparse.header, sparse.map);
  }

  #beginExtension(header: Header): void {
    if (header.size > this.#limits.maxExtensionBytes) {
      throw new TarError(`extended header of ${header.size} bytes is larger than ${this.#limits.maxExtensionBytes}`);
    }
    this.#extension = { flag: header.flag, body: Buffer.alloc(header.size) };
    this.#begin("extension", header.size);
  }

  #finishExtension(): void {
    if (this.#extension === undefined) return;
    const { flag, body } = this.#extension;
    this.#extension = undefined;
    if (flag === "x") this.#pax = parsePax(body);
    if (flag === "L") this.#longName = untilNul(body);
    if (flag === "K") this.#longLink = untilNul(body);
  }

  #begin(phase: "extension" | "data", size: number): void {
    this.#phase = phase;
    this.#left = size;
    this.#padding = padding(size);
    if (size === 0) this.#finishBody();
  }

  #beginEntry(header: Header, map: SparseMap | undefined): void {
    const entry = this.#toEntry(header, map);
    this.#pax = NO_RECORDS;
    this.#longName = undefined;
    this.#longLink = undefined;
    this.#handler.entry(entry);
    this.#begin("data", entry.size);
  }

  #toEntry(header: Header, map: SparseMap | undefined): TarEntry {
    const pax = this.#pax;
    const name = this.#checkName(pax.get(SPARSE_NAME) || pax.get("path") || this.#longName || header.name);
    const type = entryType(header.flag, name);
    const size = (paxInteger(pax, "size") ?? header.size) - (map?.dataBytes ?? 0);
    if (size < 0) throw invalidHeader();
    if (map !== undefined && this.#handler.takesSparse !== true) {
      throw new TarError(`sparse file in archive is not supported: ${name}`);
    }
    return {
      type,
      name,
      linkName: this.#checkName(pax.get("linkpath") || this.#longLink || header.linkName),
      mode: header.mode,
      uid: checkId(paxInteger(pax, "uid") ?? header.uid),
      gid: checkId(paxInteger(pax, "gid") ?? header.gid),
      // Links, devices and directories have no data, whatever their size field says (as in Go's archive/tar).
      size: type === "file" ? size : 0,
      sparse: type === "file" ? map?.finish(size) : undefined,
      mtimeNs: paxTimeNs(pax, "mtime") ?? BigInt(header.mtime) * 1_000_000_000n,
      major: header.major,
      minor: header.minor,
      xattrs: paxXattrs(pax),
      offset: this.#offset,
    };
  }

  #checkName(name: string): string {
    if (name.length > this.#limits.maxNameBytes) throw new TarError("file name too long in archive");
    if (name.includes("\0")) throw invalidHeader();
    return name;
  }
}

function untilNul(body: Buffer): string {
  const nul = body.indexOf(0);
  return body.toString("latin1", 0, nul < 0 ? body.length : nul);
}

function entryType(flag: string, name: string): EntryType {
  const type = TYPES[flag];
  if (type === undefined) throw new TarError(`unhandled tar header type ${flag.charCodeAt(0)}`);
  return type === "file" && name.endsWith("/") ? "directory" : type;
}

/** 4294967295 means "unchanged" to chown(2), so nobody may own it. */
function checkId(id: number): number {
  if (id < 0 || id >= 0xffff_ffff) throw new TarError(`owner ${id} is out of range`);
  return id;
}
