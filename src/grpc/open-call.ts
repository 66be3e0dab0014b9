/** A call in both directions as both sides see it, so that whoever talks in it need not know which of them began. */
import type { Sendable } from "../wire/protobuf/message.ts";
import { Channel } from "./channel.ts";
import { bidirectional, type Call, type Endpoint, type Method } from "./method.ts";
import { CODE, GrpcError } from "./status.ts";

/** A call in both directions. Requests are what this side says, whichever side began. */
export interface OpenCall<I, O> {
  /** Resolves once there is room for more. */
  send(request: Sendable<I>): Promise<void>;
  /** No more requests. */
  end(): void;
  cancel(): void;
  /** Ends when the other side has ended well, throws GrpcError when it has not. Read once. */
  readonly answers: AsyncIterable<O>;
}

/** A method whose handler talks as a client would: what it sends are the answers, what it is answered the requests. */
export function conversation<I, O>(
  method: Method<I, O>,
  talk: (peer: OpenCall<O, I>, call: Call) => Promise<void>,
): Endpoint {
  return bidirectional(method, async function* (requests, call) {
    const outgoing = new Channel<Sendable<O>>();
    const peer = {
      send: (answer: Sendable<O>) => outgoing.put(answer),
      end: () => outgoing.end(),
      cancel: () => outgoing.fail(canceled()),
      answers: requests,
    };
    const talking = talk(peer, call).then(
      () => outgoing.end(),
      (error: unknown) => outgoing.fail(error instanceof Error ? error : canceled()),
    );
    try {
      yield* outgoing;
      await talking;
    } finally {
      // Whoever is still talking to a caller that is gone is told.
      outgoing.fail(canceled());
    }
  });
}

const canceled = (): GrpcError => new GrpcError(CODE.canceled, "the call is canceled");
