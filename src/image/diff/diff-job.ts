/** What of one image's files another one has changed. Times of change do not count: two builds of the same are the same. Runs in a worker. */
import { closeSync, openSync } from "node:fs";
import type { Slice } from "../../files/compression.ts";
import { readFully } from "../../files/file-bytes.ts";
import type { ImageFileChange } from "../../wire/image.ts";
import type { ArchiveLimits } from "../archive/limits.ts";
import { type Attributes, FileNode, SpecialNode, SymlinkNode, typeOf } from "../layers/tree.ts";
import { isDirectory, type MergedDirectory, type MergedEntry, type MergedLeaf, mergeLayers } from "./merged-tree.ts";

export interface DiffJob {
  /** The tars of the layers of both images, the lowest first. */
  readonly from: readonly Slice[];
  readonly to: readonly Slice[];
  readonly limits: ArchiveLimits;
}

const MODIFIED = 0 as const;
const ADDED = 1;
const DELETED = 2;

/** A JSON list of changes, sorted by path: as text, so that the engine passes it on without a look. Throws TarError. */
export function diffImages({ from, to, limits }: DiffJob): Uint8Array<ArrayBuffer> {
  const changes: ImageFileChange[] = [];
  compareDirectories({ changes, path: "" }, mergeLayers(from, limits), mergeLayers(to, limits));
  return new TextEncoder().encode(JSON.stringify(changes));
}

interface Walk {
  readonly changes: ImageFileChange[];
  /** Of the directory, "" for the root, with one character a byte. */
  readonly path: string;
}

function compareDirectories(walk: Walk, old: MergedDirectory, now: MergedDirectory): void {
  const names = new Set([...old.entries.keys(), ...now.entries.keys()]);
  for (const name of [...names].sort()) {
    const path = `${walk.path}/${name}`;
    compareEntries({ ...walk, path }, old.entries.get(name), now.entries.get(name));
  }
}

const EMPTY: MergedDirectory = {
  attributes: { mode: 0, uid: 0, gid: 0, mtimeSec: 0, mtimeNsec: 0, xattrs: new Map() },
  entries: new Map(),
};

function compareEntries(walk: Walk, old: MergedEntry | undefined, now: MergedEntry | undefined): void {
  const { changes, path } = walk;
  const Path = Buffer.from(path, "latin1").toString();
  const sizes = { Size: sizeOf(now), OldSize: sizeOf(old) };
  if (now === undefined) changes.push({ Path, Kind: DELETED, ...sizes });
  else if (old === undefined) changes.push({ Path, Kind: ADDED, ...sizes });
  else if (!isSame(old, now)) changes.push({ Path, Kind: MODIFIED, ...sizes });
  // What is in a directory that is gone goes without saying.
  if (isDirectory(now)) compareDirectories(walk, isDirectory(old) ? old : EMPTY, now);
}

function sizeOf(entry: MergedEntry | undefined): number {
  return entry === undefined || isDirectory(entry) || !(entry.node instanceof FileNode) ? 0 : entry.node.size;
}

function isSame(a: MergedEntry, b: MergedEntry): boolean {
  if (isDirectory(a) || isDirectory(b)) {
    return isDirectory(a) && isDirectory(b) && haveSameRights(a.attributes, b.attributes);
  }
  return typeOf(a.node) === typeOf(b.node) && haveSameRights(a.node.attributes, b.node.attributes) && isSameLeaf(a, b);
}

function haveSameRights(a: Attributes, b: Attributes): boolean {
  const isOwned = a.mode === b.mode && a.uid === b.uid && a.gid === b.gid;
  return isOwned && Bun.deepEquals(a.xattrs, b.xattrs);
}

function isSameLeaf(a: MergedLeaf, b: MergedLeaf): boolean {
  if (a.node instanceof SymlinkNode && b.node instanceof SymlinkNode) return a.node.target === b.node.target;
  if (a.node instanceof SpecialNode && b.node instanceof SpecialNode) {
    return a.node.major === b.node.major && a.node.minor === b.node.minor;
  }
  if (!(a.node instanceof FileNode && b.node instanceof FileNode)) return false;
  if (a.node.size !== b.node.size) return false;
  const isOne = a.tar.path === b.tar.path && a.node.offset === b.node.offset;
  return isOne || (Bun.deepEquals(a.node.sparse, b.node.sparse) && haveSameBytes(a.tar, a.node, b.tar, b.node));
}

const CHUNK_BYTES = 1 << 20;

function haveSameBytes(tarA: Slice, a: FileNode, tarB: Slice, b: FileNode): boolean {
  const [fdA, fdB] = [openSync(tarA.path, "r"), openSync(tarB.path, "r")];
  try {
    const [bufferA, bufferB] = [Buffer.alloc(CHUNK_BYTES), Buffer.alloc(CHUNK_BYTES)];
    for (let at = 0; at < a.size; at += CHUNK_BYTES) {
      const length = Math.min(CHUNK_BYTES, a.size - at);
      readFully(fdA, bufferA.subarray(0, length), tarA.offset + a.offset + at);
      readFully(fdB, bufferB.subarray(0, length), tarB.offset + b.offset + at);
      if (!bufferA.subarray(0, length).equals(bufferB.subarray(0, length))) return false;
    }
    return true;
  } finally {
    closeSync(fdA);
    closeSync(fdB);
  }
}
