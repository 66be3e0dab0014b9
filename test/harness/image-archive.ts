/** Reads OCI layouts and Docker's archives apart: what their documents say and what their layers hold. */
import type { TarEntry } from "../../src/base/tar/entry.ts";
import { TarReader } from "../../src/base/tar/reader.ts";

export interface ArchiveDescriptor {
  readonly mediaType: string;
  readonly digest: string;
  readonly size: number;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly platform?: { readonly os: string; readonly architecture: string };
}

export interface ArchiveDocument {
  readonly mediaType: string;
  readonly manifests?: readonly ArchiveDescriptor[];
  readonly config?: ArchiveDescriptor;
  readonly layers?: readonly ArchiveDescriptor[];
  readonly annotations?: Readonly<Record<string, string>>;
}

export class ImageArchive {
  readonly #files: ReadonlyMap<string, Buffer>;

  constructor(tar: Buffer) {
    this.#files = new Map(readTar(tar).map(({ entry, data }) => [entry.name, data]));
  }

  get names(): string[] {
    return [...this.#files.keys()];
  }

  json<T>(name: string): T {
    return JSON.parse(this.#file(name).toString()) as T;
  }

  blob(digest: string): Buffer {
    return this.#file(`blobs/sha256/${digest.slice("sha256:".length)}`);
  }

  document(digest: string): ArchiveDocument {
    return JSON.parse(this.blob(digest).toString()) as ArchiveDocument;
  }

  /** What index.json names first. */
  get root(): ArchiveDescriptor {
    const [root] = this.json<ArchiveDocument>("index.json").manifests ?? [];
    if (root === undefined) throw new Error("the archive is empty");
    return root;
  }

  /** The files of a layer, whatever its compression. */
  layer({ mediaType, digest }: ArchiveDescriptor): TarEntry[] {
    return readTar(inflated(mediaType, this.blob(digest))).map(({ entry }) => entry);
  }

  #file(name: string): Buffer {
    const file = this.#files.get(name);
    if (file === undefined) throw new Error(`the archive has no ${name}`);
    return file;
  }
}

function inflated(mediaType: string, blob: Buffer): Buffer {
  if (mediaType.endsWith("gzip")) return Buffer.from(Bun.gunzipSync(Uint8Array.from(blob)));
  if (mediaType.endsWith("zstd")) return Buffer.from(Bun.zstdDecompressSync(blob));
  return blob;
}

export function readTar(tar: Buffer): { entry: TarEntry; data: Buffer }[] {
  const found: { entry: TarEntry; data: Buffer }[] = [];
  const reader = new TarReader({
    entry: (entry) => void found.push({ entry, data: tar.subarray(entry.offset, entry.offset + entry.size) }),
    data: () => undefined,
    end: () => undefined,
  });
  reader.push(tar);
  reader.close();
  return found;
}
