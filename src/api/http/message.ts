/** Requests and replies as handlers see them: plain data, so that everything behind the sockets is tested without one. */
import type { Duplex } from "../../base/duplex.ts";
import type { IncomingBody, OutgoingBody } from "../../base/lent-socket.ts";
import type { HeaderFields, HeaderMap } from "../../wire/http1.ts";
import type { Query } from "../../wire/query.ts";

export interface Request extends IncomingBody {
  readonly method: string;
  /** Percent-decoded, without the query. */
  readonly path: string;
  readonly query: Query;
  readonly headers: HeaderMap;
  /** Bytes of the body when it came with a length, undefined when it is chunked. */
  readonly bodyBytes: number | undefined;
  /** Read once; reading is the back-pressure, and sends "100 Continue" to clients that wait for it. */
  readonly body: AsyncIterable<Uint8Array>;
  /** Aborts when the client is gone or the server stops. */
  readonly signal: AbortSignal;
  /** Sends this head and takes the connection over; the handler answers HIJACKED at its end. An unread body without length is the incoming stream. */
  hijack(head: UpgradeHead): Promise<Duplex>;
}

export interface UpgradeHead {
  readonly status: number;
  readonly reason: string;
  readonly headers: HeaderFields;
}

export interface WholeReply {
  readonly kind: "whole";
  readonly status: number;
  readonly headers: HeaderFields;
  readonly body: Uint8Array;
}

/** Each piece is sent at once. An error in the middle cuts the connection, so that no client takes it for a whole body. */
export interface StreamReply extends OutgoingBody {
  readonly kind: "stream";
  readonly status: number;
  readonly headers: HeaderFields;
}

export const HIJACKED = { kind: "hijacked" } as const;
export type Reply = WholeReply | StreamReply | typeof HIJACKED;

export type RequestHandler = (request: Request) => Promise<Reply>;
