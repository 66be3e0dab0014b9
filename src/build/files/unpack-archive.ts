/** ADD's archives: a local tar, compressed in any way, is unpacked into the destination. Anything else is a file like others. */

import { statSync } from "node:fs";
import { TarError } from "../../base/tar/entry.ts";
import { TarReader } from "../../base/tar/reader.ts";
import { closeWhole, decompress, detectCompression, readSlice } from "../../files/compression.ts";
import { readHead } from "../../files/file-bytes.ts";
import { ARCHIVE_LIMITS, TreeUnpacker } from "../../files/unpack.ts";
import type { Destination } from "./destination.ts";
import type { Owner } from "./owner.ts";

export interface ArchiveRequest {
  readonly path: string;
  /** A directory, made when missing. */
  readonly into: string;
  readonly owner: Owner | undefined;
  /** What is no archive is an error. */
  readonly isRequired: boolean;
}

const HEADER_BYTES = 512;

/** False for a file that is no archive, which nothing has been done with. */
export async function unpackArchive(destination: Destination, request: ArchiveRequest): Promise<boolean> {
  const { path, into, owner, isRequired } = request;
  const slice = { path, offset: 0, length: statSync(path).size };
  const compression = detectCompression(readHead(slice));
  if (!(await looksLikeTar(decompress(readSlice(slice), compression)))) {
    if (isRequired) throw new TarError("the file to unpack is no tar archive");
    return false;
  }
  const directory = destination.directory(into, owner);
  using unpacker = new TreeUnpacker(destination.view, {
    path: directory.path,
    ...(owner === undefined ? {} : { owner }),
  });
  const reader = new TarReader(unpacker, ARCHIVE_LIMITS);
  for await (const chunk of decompress(readSlice(slice), compression)) reader.push(chunk);
  closeWhole(reader, compression);
  unpacker.finish();
  return true;
}

/** Whether the first block is a header with the sum that it says. */
async function looksLikeTar(bytes: AsyncIterable<Uint8Array>): Promise<boolean> {
  let head = Buffer.alloc(0);
  try {
    for await (const chunk of bytes) {
      head = Buffer.concat([head, chunk]);
      if (head.length >= HEADER_BYTES) return hasChecksum(head.subarray(0, HEADER_BYTES));
    }
  } catch (error) {
    if (!(error instanceof TarError)) throw error;
  }
  return false;
}

function hasChecksum(header: Buffer): boolean {
  const said = Number.parseInt(header.toString("latin1", 148, 156).replace(/[\0 ]+/g, ""), 8);
  let sum = 8 * 0x20;
  for (const [at, byte] of header.entries()) if (at < 148 || at >= 156) sum += byte;
  return sum === said;
}
