/** A connection's socket in the hands of somebody who reads from it or writes to it in the connection's place. */

export interface LentSocket {
  /** A descriptor of a stream socket that stays the connection's own. */
  readonly fd: number;
  /** Settles when the connection is gone; the borrower gives up then. */
  readonly gone: Promise<void>;
}

/** The body of a message that is still in the socket. */
export interface LentBody extends LentSocket {
  /** What has come already, from the body's first byte on, as it stands on the wire. */
  readonly arrived: Uint8Array;
  readonly framing: { readonly kind: "length"; readonly bytes: number } | { readonly kind: "chunked" };
  /** Ends the loan. `rest` is what was read beyond the body; "broken" when it was not read to its end. */
  giveBack(rest: Uint8Array | "broken"): void;
}

/** The body of a message, to be read in one of two ways. */
export interface IncomingBody {
  /** Read once; reading is the back-pressure. */
  readonly body: AsyncIterable<Uint8Array>;
  /** Still in its socket, for a reader that is faster than `body`; undefined once `body` has been read from. */
  readonly lendBody?: () => Promise<LentBody | undefined>;
}

/** A body on its way out, to be sent in one of two ways. In either case `body` has to be read to its end or returned. */
export interface OutgoingBody {
  readonly body: AsyncIterable<Uint8Array>;
  /** Writes everything into the socket, in chunks as HTTP/1.1 has them but for the last, faster than pieces of `body` would be. */
  readonly sendTo?: (socket: LentSocket) => Promise<void>;
}
