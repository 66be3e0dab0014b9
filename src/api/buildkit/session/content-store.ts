/** A content store of the client, containerd's service: caches in a directory, OCI layouts, exports that are no tar. */
import type { ContentStore } from "../../../build/session.ts";
import type { GrpcClient } from "../../../grpc/client.ts";
import { CONTENT_INFO, CONTENT_READ, CONTENT_WRITE } from "../../../grpc/session-methods.ts";
import { CODE, GrpcError } from "../../../grpc/status.ts";
import { WRITE } from "../../../wire/buildkit/session.ts";

const WRITE_BYTES = 1024 * 1024;

export function createContentStore(client: GrpcClient, store: string): ContentStore {
  const metadata = { "buildkit-attachable-store-id": store };
  return {
    size: async (digest) => {
      try {
        return (await client.call(CONTENT_INFO, { digest }, metadata)).info?.size;
      } catch (error) {
        if (error instanceof GrpcError && error.code === CODE.notFound) return undefined;
        throw error;
      }
    },
    read: (digest, offset) => readContent(client, { digest, offset }, metadata),
    write: (blob) => writeContent(client, blob, metadata),
  };
}

async function* readContent(
  client: GrpcClient,
  wanted: { digest: string; offset: number },
  metadata: Readonly<Record<string, string>>,
): AsyncGenerator<Uint8Array> {
  const call = client.open(CONTENT_READ, metadata);
  await call.send(wanted);
  call.end();
  for await (const { data } of call.answers) yield data;
}

/** A blob that is there already is left alone. */
async function writeContent(
  client: GrpcClient,
  { digest, size, bytes }: { digest: string; size: number; bytes: AsyncIterable<Uint8Array> },
  metadata: Readonly<Record<string, string>>,
): Promise<void> {
  const call = client.open(CONTENT_WRITE, metadata);
  const blob = { ref: digest, total: size, expected: digest };
  const answered = drain(call.answers);
  answered.catch(() => undefined);
  try {
    await call.send({ ...blob, action: WRITE.stat });
    let offset = 0;
    for await (const piece of bytes) {
      for (let at = 0; at < piece.length; at += WRITE_BYTES) {
        const data = piece.subarray(at, at + WRITE_BYTES);
        await call.send({ ...blob, action: WRITE.write, offset, data });
        offset += data.length;
      }
    }
    await call.send({ ...blob, action: WRITE.commit, offset });
    call.end();
  } catch (error) {
    // Why the client ended the call is the better reason, when it gives one.
    const reason: unknown = await answered.then(
      () => error,
      (failure: unknown) => failure,
    );
    if (!isThere(reason)) throw reason;
    return;
  }
  await answered.catch((reason: unknown) => {
    if (!isThere(reason)) throw reason;
  });
}

async function drain(answers: AsyncIterable<unknown>): Promise<void> {
  for await (const _ of answers);
}

const isThere = (reason: unknown): boolean => reason instanceof GrpcError && reason.code === CODE.alreadyExists;
