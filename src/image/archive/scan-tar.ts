/** Goes through a tar that lies in a file without reading what its entries hold. */
import { closeSync, openSync } from "node:fs";
import { BLOCK_BYTES, TarError } from "../../base/tar/entry.ts";
import type { TarReader } from "../../base/tar/reader.ts";
import type { Slice } from "../../files/compression.ts";
import { readFully } from "../../files/file-bytes.ts";

/** Headers and extensions are read block by block, data is jumped over. Throws TarError. */
export function scanTar({ path, offset, length }: Slice, reader: TarReader): void {
  const fd = openSync(path, "r");
  try {
    const block = Buffer.alloc(BLOCK_BYTES);
    while (!reader.finished && reader.offset < length) {
      const rest = block.subarray(0, Math.min(BLOCK_BYTES, length - reader.offset));
      const got = readFully(fd, rest, offset + reader.offset);
      if (got === 0) return;
      reader.push(rest.subarray(0, got));
      if (reader.offset + reader.skippable > length) throw new TarError("unexpected EOF");
      if (reader.skippable > 0) reader.skip();
    }
  } finally {
    closeSync(fd);
  }
}
