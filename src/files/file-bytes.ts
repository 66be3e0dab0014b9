/** Small reads from the middle of a file. */
import { closeSync, openSync, readSync } from "node:fs";
import { TarError } from "../base/tar/entry.ts";
import type { Slice } from "./compression.ts";

const HEAD_BYTES = 16;

/** Fills `target` from `position`; fewer bytes only at the end of the file. */
export function readFully(fd: number, target: Uint8Array, position: number): number {
  let have = 0;
  while (have < target.length) {
    const got = readSync(fd, target, have, target.length - have, position + have);
    if (got === 0) break;
    have += got;
  }
  return have;
}

/** The first bytes of a slice, enough to tell its compression. */
export function readHead(slice: Slice): Uint8Array {
  return readBytes({ ...slice, length: Math.min(HEAD_BYTES, slice.length) });
}

/** All of a slice. Throws TarError("unexpected EOF") when the file is shorter. */
export function readBytes({ path, offset, length }: Slice): Buffer {
  const fd = openSync(path, "r");
  try {
    const bytes = Buffer.alloc(length);
    if (readFully(fd, bytes, offset) < length) throw new TarError("unexpected EOF");
    return bytes;
  } finally {
    closeSync(fd);
  }
}
