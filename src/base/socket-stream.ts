/** Duplex over a Bun socket, with back-pressure both ways: reading pauses the socket, writing waits for drain. */
import type { Socket, SocketHandler } from "bun";
import type { Duplex, Lending } from "./duplex.ts";

/** Bun's sockets have it (tried with 1.4.5), but its types do not know. */
declare module "bun" {
  interface Socket<Data> {
    readonly fd: number;
  }
}

const HIGH_WATER_BYTES = 256 * 1024;

/** What Bun hands to its socket callbacks; `data` carries our stream. */
export interface StreamData {
  stream: SocketStream;
}

export class SocketStream implements Duplex {
  readonly closed: Promise<void>;
  /** Settles when the peer will send no more, read or not: its half is closed, or everything is. */
  readonly ended: Promise<void>;
  readonly #socket: Socket<StreamData>;
  readonly #settleClosed: () => void;
  readonly #settleEnded: () => void;
  #incoming: Uint8Array[] = [];
  #incomingBytes = 0;
  #paused = false;
  #ended = false;
  #gone = false;
  #ending = false;
  #wakeReader: (() => void) | undefined;
  #wakeWriters: (() => void)[] = [];
  #writing: Promise<void> = Promise.resolve();
  #writers = 0;

  constructor(socket: Socket<StreamData>) {
    this.#socket = socket;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.closed = promise;
    this.#settleClosed = resolve;
    const ended = Promise.withResolvers<void>();
    this.ended = ended.promise;
    this.#settleEnded = ended.resolve;
  }

  readonly readable: AsyncIterable<Uint8Array> = {
    [Symbol.asyncIterator]: () => ({
      next: () => this.#next(),
      return: () => Promise.resolve({ done: true as const, value: undefined }),
    }),
  };

  /** Chunks wait in line, so concurrent writers never interleave within a chunk; the first in line is written at once. */
  write(chunk: Uint8Array): Promise<void> {
    const turn = this.#writers === 0 ? this.#writeAll(chunk) : this.#writing.then(() => this.#writeAll(chunk));
    const done = (): void => void this.#writers--;
    this.#writers++;
    this.#writing = turn.then(done, done);
    return turn;
  }

  end(): void {
    if (this.#ending) return;
    this.#ending = true;
    void this.#writing.then(() => {
      if (this.#gone) return;
      if (this.#ended) this.#socket.end();
      else this.#socket.shutdown();
    });
  }

  close(): void {
    if (this.#gone) return;
    this.#socket.terminate();
    this.#onGone();
  }

  get lending(): Lending {
    return {
      fd: this.#socket.fd,
      suspend: () => this.#suspend(),
      resume: (rest) => {
        this.unread(rest);
        this.#resume();
      },
    };
  }

  /** Gives bytes back to the front of the incoming queue, for a parser that read past its message. */
  unread(chunk: Uint8Array): void {
    if (chunk.length === 0) return;
    this.#incoming.unshift(chunk);
    this.#incomingBytes += chunk.length;
  }

  onData(chunk: Uint8Array): void {
    this.#incoming.push(chunk);
    this.#incomingBytes += chunk.length;
    if (this.#incomingBytes >= HIGH_WATER_BYTES && !this.#paused) {
      this.#paused = true;
      this.#socket.pause();
    }
    this.#wakeReader?.();
  }

  onDrain(): void {
    const waiting = this.#wakeWriters;
    this.#wakeWriters = [];
    for (const wake of waiting) wake();
  }

  onEnd(): void {
    this.#ended = true;
    this.#settleEnded();
    this.#wakeReader?.();
    if (this.#ending) void this.#writing.then(() => this.#gone || this.#socket.end());
  }

  onClose(): void {
    this.#onGone();
  }

  #onGone(): void {
    this.#gone = true;
    this.#ended = true;
    this.#wakeReader?.();
    this.onDrain();
    this.#settleEnded();
    this.#settleClosed();
  }

  #suspend(): Uint8Array[] {
    const arrived = this.#incoming;
    this.#incoming = [];
    this.#incomingBytes = 0;
    this.#paused = true;
    this.#socket.pause();
    return arrived;
  }

  #resume(): void {
    if (this.#gone || !this.#paused || this.#incomingBytes >= HIGH_WATER_BYTES) return;
    this.#paused = false;
    this.#socket.resume();
  }

  async #next(): Promise<IteratorResult<Uint8Array, undefined>> {
    for (;;) {
      const chunk = this.#incoming.shift();
      if (chunk !== undefined) {
        this.#incomingBytes -= chunk.length;
        this.#resume();
        return { done: false, value: chunk };
      }
      if (this.#ended) return { done: true, value: undefined };
      await new Promise<void>((resolve) => {
        this.#wakeReader = resolve;
      });
      this.#wakeReader = undefined;
    }
  }

  async #writeAll(chunk: Uint8Array): Promise<void> {
    let offset = 0;
    while (offset < chunk.length) {
      if (this.#gone) throw new Error("write on a closed connection");
      const written = this.#socket.write(chunk, offset, chunk.length - offset);
      if (written < 0) throw new Error("write on a closed connection");
      offset += written;
      if (offset < chunk.length) {
        await new Promise<void>((resolve) => {
          this.#wakeWriters.push(resolve);
        });
      }
    }
  }
}

/** The callbacks of a socket whose every event goes to its stream. `onOpen` runs once the stream exists. */
export function streamHandlers(onOpen: (stream: SocketStream) => void): SocketHandler<StreamData> {
  return {
    open(socket) {
      const stream = new SocketStream(socket);
      socket.data = { stream };
      onOpen(stream);
    },
    data: (socket, chunk) => socket.data.stream.onData(chunk),
    drain: (socket) => socket.data.stream.onDrain(),
    end: (socket) => socket.data.stream.onEnd(),
    close: (socket) => socket.data?.stream.onClose(),
    error: (socket) => socket.data?.stream.onClose(),
  };
}

/** Connects to a unix stream socket. Rejects with ENOENT or ECONNREFUSED when nobody listens. */
export function connectUnix(path: string): Promise<SocketStream> {
  const { promise, resolve, reject } = Promise.withResolvers<SocketStream>();
  Bun.connect<StreamData>({
    unix: path,
    allowHalfOpen: true,
    socket: { ...streamHandlers(resolve), connectError: (_socket, error) => reject(error) },
  }).catch(reject);
  return promise;
}
