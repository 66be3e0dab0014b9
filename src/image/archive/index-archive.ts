/**
 * The table of contents of an image archive that lies in a file: where each member's bytes are. Plain archives are only
 * looked at header by header; compressed ones are written out decompressed beside it first.
 */
import { closeSync, openSync, statSync, writeSync } from "node:fs";
import type { EntryType, TarEntry } from "../../base/tar/entry.ts";
import { TarReader } from "../../base/tar/reader.ts";
import { type Compression, closeWhole, decompress, detectCompression, readSlice } from "../../files/compression.ts";
import { readHead } from "../../files/file-bytes.ts";
import { type ArchiveLimits, checkExpansion } from "./limits.ts";
import { scanTar } from "./scan-tar.ts";

export interface ArchiveMember {
  /** Bytes as latin1, as it stands in the archive. */
  readonly name: string;
  readonly type: EntryType;
  readonly linkName: string;
  readonly offset: number;
  readonly size: number;
}

export interface IndexRequest {
  readonly path: string;
  /** Where to write the decompressed archive if need be. */
  readonly plainPath: string;
  readonly limits: ArchiveLimits;
}

export interface ArchiveIndex {
  /** The file that the offsets count in. */
  readonly path: string;
  readonly members: readonly ArchiveMember[];
}

/** Image archives hold documents and layers, not the files in them. */
const MAX_MEMBERS = 65_536;

/** Throws TarError for what the archive is to blame for. */
export async function indexArchive(request: IndexRequest): Promise<ArchiveIndex> {
  const source = { path: request.path, offset: 0, length: statSync(request.path).size };
  const compression = detectCompression(readHead(source));
  const members: ArchiveMember[] = [];
  const handler = {
    entry: (entry: TarEntry) => members.push(toMember(entry)),
    data: () => undefined,
    end: () => undefined,
  };
  const reader = new TarReader(handler, { ...request.limits, maxEntries: MAX_MEMBERS });
  if (compression === "none") scanTar(source, reader);
  else await inflate(request, compression, reader);
  closeWhole(reader, compression);
  return { path: compression === "none" ? request.path : request.plainPath, members };
}

function toMember({ name, type, linkName, offset, size }: TarEntry): ArchiveMember {
  return { name, type, linkName, offset, size };
}

async function inflate(
  { path, plainPath, limits }: IndexRequest,
  compression: Compression,
  reader: TarReader,
): Promise<void> {
  const compressedBytes = statSync(path).size;
  const fd = openSync(plainPath, "wx", 0o600);
  try {
    for await (const chunk of decompress(readSlice({ path, offset: 0, length: compressedBytes }), compression)) {
      for (let at = 0; at < chunk.length; ) at += writeSync(fd, chunk, at);
      reader.push(chunk);
      checkExpansion(limits, compressedBytes, reader.offset);
    }
  } finally {
    closeSync(fd);
  }
}
