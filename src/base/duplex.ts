/** A byte stream with two halves that close on their own, the shape of every hijacked connection and monitor socket. */

export interface Duplex {
  /** Incoming bytes; ends when the peer half-closes. Read once, by one reader; pulling is the back-pressure. */
  readonly readable: AsyncIterable<Uint8Array>;
  /** Resolves when the bytes are with the kernel; rejects once the connection is gone. */
  write(chunk: Uint8Array): Promise<void>;
  /** Half-close: no more bytes from this side; the other direction goes on. */
  end(): void;
  /** Ends both directions at once. Idempotent. */
  close(): void;
  /** Settles (never rejects) when the connection is gone entirely. */
  readonly closed: Promise<void>;
  /** Absent where there is no socket of its own. */
  readonly lending?: Lending;
}

/** For somebody who reads or writes in the stream's place, which must not do the same meanwhile. */
export interface Lending {
  readonly fd: number;
  /** Nothing more is read until `resume`. What has come already is given out. */
  readonly suspend: () => Uint8Array[];
  /** `rest` is what was read and not used. */
  readonly resume: (rest: Uint8Array) => void;
}

/** Copies until `from` ends. Rejects when `to` is gone. */
export async function copy(from: AsyncIterable<Uint8Array>, to: Pick<Duplex, "write">): Promise<void> {
  for await (const chunk of from) await to.write(chunk);
}
