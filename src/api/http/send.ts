/** Puts replies on the wire: one write for a small one, flushed chunks for a stream. */
import type { Duplex } from "../../base/duplex.ts";
import { type RequestHead, writeResponseHead } from "../../wire/http1.ts";
import { encodeChunk, LAST_CHUNK } from "../../wire/http1-body.ts";
import type { Reply, StreamReply, WholeReply } from "./message.ts";
import { statusText } from "./status-text.ts";

type Sink = Pick<Duplex, "write" | "closed" | "lending">;
type Sendable = Exclude<Reply, { kind: "hijacked" }>;

export interface SendContext {
  readonly head: RequestHead;
  readonly keepAlive: boolean;
}

export function sendReply(sink: Sink, reply: Sendable, context: SendContext): Promise<void> {
  return reply.kind === "whole" ? sendWhole(sink, reply, context) : sendStream(sink, reply, context);
}

function sendWhole(sink: Sink, { status, headers, body }: WholeReply, { head, keepAlive }: SendContext): Promise<void> {
  const hasBody = status !== 204 && status !== 304;
  const fields = [...headers, ...connectionFields(head, keepAlive)];
  if (hasBody) fields.push(["Content-Length", String(body.length)]);
  const start = writeResponseHead(status, statusText(status), fields);
  return sink.write(hasBody && head.method !== "HEAD" && body.length > 0 ? Buffer.concat([start, body]) : start);
}

async function sendStream(sink: Sink, reply: StreamReply, context: SendContext): Promise<void> {
  const { status, headers, body, sendTo } = reply;
  const { head } = context;
  const isChunked = head.minor === 1;
  const fields = [...headers, ...connectionFields(head, context.keepAlive)];
  if (isChunked) fields.push(["Transfer-Encoding", "chunked"]);
  const iterator = body[Symbol.asyncIterator]();
  try {
    await sink.write(writeResponseHead(status, statusText(status), fields));
    if (head.method === "HEAD") return;
    const { lending, closed: gone } = sink;
    if (isChunked && sendTo !== undefined && lending !== undefined) await sendTo({ fd: lending.fd, gone });
    else await sendPieces(sink, { [Symbol.asyncIterator]: () => iterator }, isChunked);
    if (isChunked) await sink.write(LAST_CHUNK);
  } finally {
    // Also when not one piece was asked for: whoever makes them has to know that nobody will.
    await iterator.return?.();
  }
}

async function sendPieces(sink: Sink, body: AsyncIterable<Uint8Array>, isChunked: boolean): Promise<void> {
  for await (const piece of body) {
    if (piece.length > 0) await sink.write(isChunked ? encodeChunk(piece) : piece);
  }
}

function connectionFields(head: RequestHead, keepAlive: boolean): (readonly [string, string])[] {
  const date = ["Date", httpDate()] as const;
  if (!keepAlive) return [date, ["Connection", "close"]];
  return head.minor === 0 ? [date, ["Connection", "keep-alive"]] : [date];
}

/** The answer to what cannot be parsed; the connection closes after it. */
export async function sendFailure(sink: Sink, message: string): Promise<void> {
  const body = Buffer.from(`${JSON.stringify({ message: `malformed HTTP request: ${message}` })}\n`);
  const fields = [
    ["Content-Type", "application/json"],
    ["Date", httpDate()],
    ["Connection", "close"],
    ["Content-Length", String(body.length)],
  ] as const;
  const head = writeResponseHead(400, statusText(400), fields);
  await sink.write(Buffer.concat([head, body])).catch(() => undefined);
}

/** RFC 9110 date. */
function httpDate(): string {
  return new Date().toUTCString();
}
