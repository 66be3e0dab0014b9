/** One HTTP/2 stream as pulled chunks and awaited writes. Clients written in Go reset a stream after its trailers, which is no error. */
import type { Http2Stream } from "node:http2";
import { CODE, GrpcError } from "./status.ts";

const HIGH_WATER_BYTES = 1024 * 1024;

/** Everything that comes, until the stream ends or is gone. One reader. */
export async function* chunksOf(stream: Http2Stream): AsyncGenerator<Uint8Array> {
  const queue: Buffer[] = [];
  let queuedBytes = 0;
  let ended = stream.destroyed || stream.readableEnded;
  let wake: () => void = () => undefined;
  stream.on("data", (chunk: Buffer) => {
    queue.push(chunk);
    queuedBytes += chunk.length;
    if (queuedBytes >= HIGH_WATER_BYTES) stream.pause();
    wake();
  });
  const end = (): void => {
    ended = true;
    wake();
  };
  for (const event of ["end", "close", "error"]) stream.on(event, end);
  for (;;) {
    for (let chunk = queue.shift(); chunk !== undefined; chunk = queue.shift()) {
      queuedBytes -= chunk.length;
      if (queuedBytes < HIGH_WATER_BYTES && stream.isPaused()) stream.resume();
      yield chunk;
    }
    if (ended) return;
    await new Promise<void>((resolve) => {
      wake = resolve;
    });
  }
}

/** Resolves once there is room for more. Rejects when the stream is gone. */
export function write(stream: Http2Stream, bytes: Uint8Array): Promise<void> {
  return new Promise((resolve, reject) => {
    const gone = (): void => reject(new GrpcError(CODE.canceled, "the stream is closed"));
    if (stream.destroyed || stream.closed) return gone();
    if (stream.write(bytes)) return resolve();
    const settle = (how: () => void) => (): void => {
      stream.off("drain", onDrain);
      stream.off("close", onClose);
      how();
    };
    const onDrain = settle(resolve);
    const onClose = settle(gone);
    stream.on("drain", onDrain);
    stream.on("close", onClose);
  });
}
