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
}

/** Copies until `from` ends. Rejects when `to` is gone. */
export async function copy(from: AsyncIterable<Uint8Array>, to: Pick<Duplex, "write">): Promise<void> {
  for await (const chunk of from) await to.write(chunk);
}
