/** gRPC's framing of messages in a stream: a flag, a length of four bytes, the message. */
import { asBuffer } from "../base/bytes.ts";
import { CODE, GrpcError } from "./status.ts";

const HEAD_BYTES = 5;
/** More than any of BuildKit's messages; its own limit. */
const MAX_MESSAGE_BYTES = 16 * 1024 * 1024;
/** Chunks may be of one byte each, and would take a hundred times their room. */
const MAX_LOOSE_PARTS = 256;

export function frame(message: Uint8Array): Buffer {
  const framed = Buffer.allocUnsafe(HEAD_BYTES + message.length);
  framed[0] = 0;
  framed.writeUInt32BE(message.length, 1);
  framed.set(message, HEAD_BYTES);
  return framed;
}

/** Throws GrpcError for a compressed message, one that is too large, and a stream that ends inside one. */
export async function* unframed(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  // Joined once a whole message is there: joining at every chunk would copy a large one a hundred times.
  let parts: Uint8Array[] = [];
  let loose: Uint8Array[] = [];
  let have = 0;
  let need = HEAD_BYTES;
  for await (const chunk of chunks) {
    loose.push(chunk);
    have += chunk.length;
    if (have >= need || loose.length === MAX_LOOSE_PARTS) {
      parts.push(join(loose));
      loose = [];
    }
    if (have < need) continue;
    const joined = join(parts);
    let at = 0;
    for (need = HEAD_BYTES; have - at >= need; need = HEAD_BYTES) {
      need = HEAD_BYTES + messageLength(joined, at);
      if (have - at < need) break;
      yield joined.subarray(at + HEAD_BYTES, at + need);
      at += need;
    }
    parts = at === have ? [] : [joined.subarray(at)];
    have -= at;
  }
  if (have > 0) throw new GrpcError(CODE.unavailable, "the stream ended inside a message");
}

function join(parts: readonly Uint8Array[]): Buffer {
  const [first, ...more] = parts;
  if (first === undefined || more.length > 0) return Buffer.concat(parts);
  return asBuffer(first);
}

function messageLength(bytes: Buffer, at: number): number {
  if (bytes[at] !== 0) throw new GrpcError(CODE.unimplemented, "compressed messages are not supported");
  const length = bytes.readUInt32BE(at + 1);
  if (length > MAX_MESSAGE_BYTES) throw new GrpcError(CODE.invalidArgument, `message of ${length} bytes is too large`);
  return length;
}
