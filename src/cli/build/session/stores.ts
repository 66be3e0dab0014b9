/** OCI layouts in directories of the user's, as stores of content for the engine: to read images and caches from, and to write them to. */
import { createReadStream, mkdirSync } from "node:fs";
import { type FileHandle, open, rename, rm, stat } from "node:fs/promises";
import { hasCode } from "../../../base/errors.ts";
import { bidirectional, type Call, type Endpoint, serverStreaming, unary } from "../../../grpc/method.ts";
import { CONTENT_INFO, CONTENT_READ, CONTENT_WRITE } from "../../../grpc/session-methods.ts";
import { CODE, GrpcError } from "../../../grpc/status.ts";
import { WRITE, type WriteContentRequest } from "../../../wire/buildkit/session.ts";
import type { MessageOf } from "../../../wire/protobuf/message.ts";

/** Absolute paths of layouts by the names that the engine has for them. */
export type Stores = ReadonlyMap<string, string>;

type WriteRequest = MessageOf<typeof WriteContentRequest>;

export function storeEndpoints(stores: Stores): Endpoint[] {
  const blobOf = (call: Call, digest: string): string => blobPath(directoryOf(stores, call), digest);
  return [
    unary(CONTENT_INFO, async ({ digest }, call) => {
      const size = await sizeOf(blobOf(call, digest));
      if (size === undefined) throw new GrpcError(CODE.notFound, `content ${digest}: not found`);
      return { info: { digest, size } };
    }),
    serverStreaming(CONTENT_READ, async function* ({ digest, offset: start }, call) {
      let offset = start;
      for await (const data of createReadStream(blobOf(call, digest), { start })) {
        yield { offset, data };
        offset += data.length;
      }
    }),
    bidirectional(CONTENT_WRITE, (requests, call) => write(directoryOf(stores, call), requests)),
  ];
}

function directoryOf(stores: Stores, { headers }: Call): string {
  const name = String(headers["buildkit-attachable-store-id"] ?? "");
  const directory = stores.get(name);
  if (directory === undefined) throw new GrpcError(CODE.notFound, `no content store ${JSON.stringify(name)}`);
  return directory;
}

function blobPath(directory: string, digest: string): string {
  const [, hex = ""] = /^sha256:([0-9a-f]{64})$/.exec(digest) ?? [];
  if (hex === "") throw new GrpcError(CODE.invalidArgument, `invalid digest ${JSON.stringify(digest)}`);
  return `${directory}/blobs/sha256/${hex}`;
}

async function sizeOf(path: string): Promise<number | undefined> {
  try {
    return (await stat(path)).size;
  } catch (error) {
    if (hasCode(error, "ENOENT")) return undefined;
    throw error;
  }
}

/** One blob: under its name once all of it is there and is what it was said to be. */
async function* write(directory: string, requests: AsyncIterable<WriteRequest>) {
  let blob: Ingest | undefined;
  try {
    for await (const request of requests) {
      blob ??= await begin(directory, request);
      if (request.data.length > 0) await blob.append(request);
      if (request.action === WRITE.commit) await blob.commit();
      yield { action: request.action, offset: blob.offset, total: request.total, digest: request.expected };
    }
  } finally {
    await blob?.end();
  }
}

async function begin(directory: string, { expected }: WriteRequest): Promise<Ingest> {
  const path = blobPath(directory, expected);
  if ((await sizeOf(path)) !== undefined)
    throw new GrpcError(CODE.alreadyExists, `content ${expected}: already exists`);
  mkdirSync(`${directory}/blobs/sha256`, { recursive: true });
  const temporary = `${path}.tmp-${process.pid}`;
  return new Ingest({ path, temporary, expected, file: await open(temporary, "w") });
}

interface Target {
  readonly path: string;
  readonly temporary: string;
  readonly expected: string;
  readonly file: FileHandle;
}

class Ingest {
  offset = 0;
  readonly #target: Target;
  readonly #hash = new Bun.CryptoHasher("sha256");

  constructor(target: Target) {
    this.#target = target;
  }

  async append({ offset, data }: WriteRequest): Promise<void> {
    if (offset !== this.offset)
      throw new GrpcError(CODE.invalidArgument, `written at ${offset} instead of ${this.offset}`);
    this.#hash.update(data);
    for (let at = 0; at < data.length; ) at += (await this.#target.file.write(data, at)).bytesWritten;
    this.offset += data.length;
  }

  async commit(): Promise<void> {
    const { path, temporary, expected } = this.#target;
    const got = `sha256:${this.#hash.digest("hex")}`;
    if (got !== expected) throw new GrpcError(CODE.invalidArgument, `unexpected digest ${got}, expected ${expected}`);
    await rename(temporary, path);
  }

  /** What was not committed is gone. */
  async end(): Promise<void> {
    await this.#target.file.close();
    await rm(this.#target.temporary, { force: true });
  }
}
