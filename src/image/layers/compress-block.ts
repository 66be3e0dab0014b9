/**
 * A stretch of a layer's tar as one gzip member or zstd frame: members in a row are a gzip stream again (RFC 1952, 2.2), and so are
 * frames (RFC 8878, 3).
 */
import { closeSync, openSync } from "node:fs";
import { systemError } from "../../base/errors.ts";
import type { Slice } from "../../files/compression.ts";
import { readFully } from "../../files/file-bytes.ts";

export interface BlockFormat {
  readonly kind: "gzip" | "zstd";
  readonly level: number;
}

/** libdeflate's first level compresses as much as zlib's default, in a third of the time. */
export const DEFAULT_GZIP: BlockFormat = { kind: "gzip", level: 1 };

/** The same bytes for the same stretch and format each time. */
export function compressBlock({ path, offset, length }: Slice, { kind, level }: BlockFormat): Uint8Array<ArrayBuffer> {
  const fd = openSync(path, "r");
  try {
    const block = Buffer.allocUnsafeSlow(length);
    if (readFully(fd, block, offset) < length) throw systemError(`${path} is shorter than it was`);
    if (kind === "zstd") return new Uint8Array(Bun.zstdCompressSync(block, { level }));
    return Bun.gzipSync(block, { level: gzipLevel(level), library: "libdeflate" });
  } finally {
    closeSync(fd);
  }
}

/** libdeflate's levels as the type of zlib's says them. */
function gzipLevel(level: number): 0 | 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8 | 9 {
  return ([0, 1, 2, 3, 4, 5, 6, 7, 8, 9] as const).find((known) => known === level) ?? 1;
}
