/** A call of byte messages in both directions as a byte stream: connections to agents, and whole sessions inside a call. */
import type { Duplex } from "../base/duplex.ts";
import type { OpenCall } from "./open-call.ts";

interface BytesMessage {
  data: Uint8Array;
}

export function streamOfCall(call: OpenCall<BytesMessage, BytesMessage>): Duplex {
  const closed = Promise.withResolvers<void>();
  return {
    readable: bytesOf(call.answers, closed.resolve),
    write: (chunk) => call.send({ data: chunk }),
    end: () => call.end(),
    close: () => {
      call.cancel();
      closed.resolve();
    },
    closed: closed.promise,
  };
}

async function* bytesOf(messages: AsyncIterable<BytesMessage>, ended: () => void): AsyncGenerator<Uint8Array> {
  try {
    for await (const { data } of messages) yield data;
  } finally {
    ended();
  }
}
