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

/** As much as goes out in one piece. */
const GROUP_BYTES = 64 * 1024;

/** Writes one stream. What is small and comes within one turn of the event loop goes out together. */
export class StreamWriter {
  readonly #stream: Http2Stream;
  #waiting: Uint8Array[] = [];
  #waitingBytes = 0;
  /** The end of the turn in which something has gone out. */
  #turn: ReturnType<typeof setImmediate> | undefined;

  constructor(stream: Http2Stream) {
    this.#stream = stream;
  }

  /** Resolves once there is room for more. Rejects when the stream is gone. */
  write(bytes: Uint8Array): Promise<void> {
    if (isGone(this.#stream)) return Promise.reject(gone());
    this.#waiting.push(bytes);
    this.#waitingBytes += bytes.length;
    if (this.#turn === undefined) {
      // Who fails to write at the end of a turn is told by the next write.
      this.#turn = setImmediate(() => {
        this.#turn = undefined;
        this.#flush().catch(() => undefined);
      });
      return this.#flush();
    }
    if (this.#waitingBytes < GROUP_BYTES) return ROOM;
    // A writer that never runs dry would never let the stream say that it is full, or gone.
    return this.#flush().then(() => new Promise((resolve) => setImmediate(resolve)));
  }

  /** Nothing more is written. */
  end(): void {
    clearImmediate(this.#turn);
    if (!isGone(this.#stream)) this.#flush().catch(() => undefined);
    this.#stream.end();
  }

  #flush(): Promise<void> {
    if (this.#waitingBytes === 0) return ROOM;
    const [first, ...more] = this.#waiting;
    const group = first === undefined || more.length > 0 ? Buffer.concat(this.#waiting) : first;
    this.#waiting = [];
    this.#waitingBytes = 0;
    return write(this.#stream, group);
  }
}

const ROOM = Promise.resolve();

const isGone = (stream: Http2Stream): boolean => stream.destroyed || stream.closed;

const gone = (): GrpcError => new GrpcError(CODE.canceled, "the stream is closed");

function write(stream: Http2Stream, bytes: Uint8Array): Promise<void> {
  return new Promise((resolve, reject) => {
    if (isGone(stream)) return reject(gone());
    if (stream.write(bytes)) return resolve();
    const settle = (how: () => void) => (): void => {
      stream.off("drain", onDrain);
      stream.off("close", onClose);
      how();
    };
    const onDrain = settle(resolve);
    const onClose = settle(() => reject(gone()));
    stream.on("drain", onDrain);
    stream.on("close", onClose);
  });
}
