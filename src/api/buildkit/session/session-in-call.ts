/** A session inside a call of Control/Session, as bake opens them: HTTP/2 in byte messages, with the session's headers as metadata. */
import type { Duplex } from "../../../base/duplex.ts";
import { Channel } from "../../../grpc/channel.ts";
import type { Call } from "../../../grpc/method.ts";
import { type HeaderSource, sessionFacts } from "./facts.ts";
import type { SessionRegistry } from "./registry.ts";

interface BytesMessage {
  readonly data: Uint8Array;
}

/** Ends when the client half-closes, or it would wait for ever. */
export async function* sessionInCall(
  sessions: SessionRegistry,
  requests: AsyncIterable<BytesMessage>,
  { headers }: Call,
): AsyncGenerator<{ data: Uint8Array }> {
  const outgoing = new Channel<{ data: Uint8Array }>();
  const closed = Promise.withResolvers<void>();
  const close = (): void => {
    outgoing.end();
    closed.resolve();
  };
  const peer: Duplex = {
    readable: bytesOf(requests, close),
    write: async (data) => outgoing.push({ data: Uint8Array.from(data) }),
    end: close,
    close,
    closed: closed.promise,
  };
  const source: HeaderSource = (name) => {
    const value = headers[name];
    return value === undefined ? [] : typeof value === "string" ? value.split(", ") : value;
  };
  const serving = sessions.serve(peer, sessionFacts(source));
  yield* outgoing;
  await serving;
}

async function* bytesOf(requests: AsyncIterable<BytesMessage>, ended: () => void): AsyncGenerator<Uint8Array> {
  try {
    for await (const { data } of requests) yield data;
  } finally {
    ended();
  }
}
