/** One layer from its bytes in a file to a directory on disk: verified, bounded, and synced before it is reported. */
import { mkdirSync } from "node:fs";
import { TarError } from "../../base/tar/entry.ts";
import { TarReader } from "../../base/tar/reader.ts";
import { closeWhole, decompress, detectCompression, readSlice, type Slice } from "../../files/compression.ts";
import { readHead } from "../../files/file-bytes.ts";
import { type ArchiveLimits, checkExpansion } from "../archive/limits.ts";
import { Unpacker } from "./unpacker.ts";

export interface UnpackRequest {
  readonly source: Slice;
  /** Made here; its parent exists. Whoever asked deletes it when this fails. */
  readonly directory: string;
  readonly limits: ArchiveLimits;
}

export interface UnpackedLayer {
  /** "sha256:…" of the decompressed tar. */
  readonly diffId: string;
  /** "sha256:…" of the source's bytes. */
  readonly digest: string;
  /** What it adds, as Docker counts. */
  readonly sizeBytes: number;
}

export interface UnpackControl {
  /** Bytes of the source read so far. */
  readonly onProgress?: (bytes: number) => void;
  /** Asked between chunks; the error to stop with. */
  readonly interrupted?: () => Error | undefined;
}

/** Throws TarError for what the archive is to blame for. */
export async function unpackLayer(request: UnpackRequest, control: UnpackControl = {}): Promise<UnpackedLayer> {
  const { source, directory, limits } = request;
  const compression = detectCompression(readHead(source));
  mkdirSync(directory, { mode: 0o755 });
  const digest = new Bun.CryptoHasher("sha256");
  const diffId = compression === "none" ? digest : new Bun.CryptoHasher("sha256");
  const counted = new CountedSource(source, digest, control);
  using unpacker = new Unpacker(directory);
  const reader = new TarReader(unpacker, limits);
  for await (const chunk of decompress(counted.read(), compression)) {
    if (diffId !== digest) diffId.update(chunk);
    reader.push(chunk);
    checkExpansion(limits, counted.bytes, reader.offset);
  }
  closeWhole(reader, compression);
  unpacker.finish();
  const digestHex = digest.digest("hex");
  const diffIdHex = diffId === digest ? digestHex : diffId.digest("hex");
  return { diffId: `sha256:${diffIdHex}`, digest: `sha256:${digestHex}`, sizeBytes: unpacker.sizeBytes };
}

/** The source's bytes as they pass: counted, hashed, reported. */
class CountedSource {
  bytes = 0;
  readonly #source: Slice;
  readonly #hash: Bun.CryptoHasher;
  readonly #control: UnpackControl;

  constructor(source: Slice, hash: Bun.CryptoHasher, control: UnpackControl) {
    this.#source = source;
    this.#hash = hash;
    this.#control = control;
  }

  async *read(): AsyncGenerator<Uint8Array> {
    for await (const chunk of readSlice(this.#source)) {
      const interruption = this.#control.interrupted?.();
      if (interruption !== undefined) throw interruption;
      this.bytes += chunk.length;
      this.#hash.update(chunk);
      this.#control.onProgress?.(this.bytes);
      yield chunk;
    }
    if (this.bytes !== this.#source.length) throw new TarError("unexpected EOF");
  }
}
