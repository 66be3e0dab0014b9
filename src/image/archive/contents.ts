/** An indexed image archive: documents and blobs by name. Names and links are resolved as text, inside the archive only. */
import { invalidParameter } from "../../base/errors.ts";
import type { Slice } from "../../files/compression.ts";
import { readBytes } from "../../files/file-bytes.ts";
import { cleanPath, joinPath } from "../../files/layer-path.ts";
import { digestOf } from "../digest.ts";
import { parseJson } from "../document.ts";
import type { Digest } from "../reference.ts";
import type { ArchiveIndex, ArchiveMember } from "./index-archive.ts";
import type { ArchiveLimits } from "./limits.ts";

const MAX_LINKS = 16;
const BLOB = /^blobs\/sha256\/([0-9a-f]{64})$/;

/** Documents that decide what the archive means: two of one would leave it to the reader. */
const ROOT_DOCUMENTS: readonly string[] = ["manifest.json", "index.json", "oci-layout"];

export class ArchiveContents {
  readonly #path: string;
  readonly #limits: ArchiveLimits;
  readonly #members = new Map<string, ArchiveMember>();

  /** Throws invalidParameter when the archive is ambiguous. */
  constructor(index: ArchiveIndex, limits: ArchiveLimits) {
    this.#path = index.path;
    this.#limits = limits;
    for (const member of index.members) {
      const name = joinPath(cleanPath(member.name));
      if (this.#members.has(name) && ROOT_DOCUMENTS.includes(name)) {
        throw invalidParameter(`ambiguous archive: ${name} is in it twice`);
      }
      this.#members.set(name, member);
    }
  }

  has(name: string): boolean {
    return this.#members.has(joinPath(cleanPath(name)));
  }

  /** Where a file's bytes are. Throws invalidParameter when there is no such file. */
  slice(name: string): Slice {
    const { offset, size } = this.#resolve(name);
    return { path: this.#path, offset, length: size };
  }

  /** A whole small file, checked against its name when that is a digest. */
  document(name: string): Buffer {
    const slice = this.slice(name);
    if (slice.length > this.#limits.maxDocumentBytes) {
      throw invalidParameter(`${name} is larger than ${this.#limits.maxDocumentBytes} bytes`);
    }
    const bytes = readBytes(slice);
    const expected = blobDigest(name);
    if (expected !== undefined && digestOf(bytes) !== expected) {
      throw invalidParameter(`invalid digest of ${name}: got ${JSON.stringify(digestOf(bytes))}`);
    }
    return bytes;
  }

  json(name: string): NonNullable<unknown> {
    return parseJson(decodeUtf8(this.document(name)));
  }

  /** Follows links, as unpacking the archive would. Directories and devices are no files. */
  #resolve(name: string): ArchiveMember {
    let path = cleanPath(name);
    for (let links = 0; links < MAX_LINKS; links++) {
      const member = this.#members.get(joinPath(path));
      if (member?.type === "file") return member;
      if (member?.type === "link") path = cleanPath(member.linkName);
      else if (member?.type === "symlink") path = cleanPath(`${path.directory}/${member.linkName}`);
      else break;
    }
    throw invalidParameter(`open ${name}: no such file or directory`);
  }
}

/** The digest that a blob's name promises. */
export function blobDigest(name: string): Digest | undefined {
  const hex = BLOB.exec(name)?.[1];
  return hex === undefined ? undefined : (`sha256:${hex}` as Digest);
}

export function decodeUtf8(bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (error) {
    throw invalidParameter("document in archive is not UTF-8", { cause: error });
  }
}
