/** The contents of one file into another: shared, or copied with its holes left out. Blocking. */
import { readSync, writeSync } from "node:fs";
import { cloneContents, copyRange, ftruncate } from "../kernel/file-copy.ts";
import { nextData } from "../kernel/read-at.ts";

const CHUNK_BYTES = 16 * 1024 * 1024;

/** `to` is empty. `copied` hears of every chunk. */
export function copyContents(from: number, to: number, size: number, copied: (bytes: number) => void): void {
  if (size === 0) return;
  if (cloneContents(from, to)) return copied(size);
  for (let part = nextData(from, 0); part !== undefined; part = nextData(from, part.end)) {
    copyPart(from, to, part, copied);
  }
  ftruncate(to, size);
}

interface Part {
  readonly start: number;
  readonly end: number;
}

function copyPart(from: number, to: number, { start, end }: Part, copied: (bytes: number) => void): void {
  for (let at = start; at < end; ) {
    const length = Math.min(end - at, CHUNK_BYTES);
    const count = copyRange(from, to, at, length) ?? passThrough(from, to, { start: at, end: at + length });
    if (count === 0) return;
    at += count;
    copied(count);
  }
}

const buffer = Buffer.allocUnsafe(1024 * 1024);

/** For file systems between which the kernel does not copy. Returns how many bytes it were. */
function passThrough(from: number, to: number, { start, end }: Part): number {
  const count = readSync(from, buffer, 0, Math.min(end - start, buffer.length), start);
  for (let written = 0; written < count; ) written += writeSync(to, buffer, written, count - written, start + written);
  return count;
}
