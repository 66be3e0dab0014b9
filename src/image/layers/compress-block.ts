/** A stretch of a layer's tar as one gzip member; members in a row are a gzip stream again (RFC 1952, 2.2). */
import { closeSync, openSync } from "node:fs";
import { systemError } from "../../base/errors.ts";
import type { Slice } from "../../files/compression.ts";
import { readFully } from "../../files/file-bytes.ts";

/** libdeflate's first level compresses as much as zlib's default, in a third of the time. */
const LEVEL = 1;

/** The same bytes for the same stretch each time. */
export function compressBlock({ path, offset, length }: Slice): Uint8Array<ArrayBuffer> {
  const fd = openSync(path, "r");
  try {
    const block = Buffer.allocUnsafeSlow(length);
    if (readFully(fd, block, offset) < length) throw systemError(`${path} is shorter than it was`);
    return Bun.gzipSync(block, { level: LEVEL, library: "libdeflate" });
  } finally {
    closeSync(fd);
  }
}
