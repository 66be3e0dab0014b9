/** Methods of services as data, and the handlers behind them. Messages are decoded and encoded here, nowhere else. */
import { decode, encode, type Message, type Sendable } from "../wire/protobuf/message.ts";
import { CODE, GrpcError } from "./status.ts";

export interface Method<I, O> {
  /** "/package.Service/Method". */
  readonly path: string;
  readonly input: Message<I>;
  readonly output: Message<O>;
}

export function method<I, O>(path: string, input: Message<I>, output: Message<O>): Method<I, O> {
  return { path, input, output };
}

export interface Call {
  /** Names in lower case; those that came several times are lists. */
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  /** Aborted when the caller gives up or is gone. */
  readonly signal: AbortSignal;
}

/** A method with its handler, as bytes in and bytes out. */
export interface Endpoint {
  readonly path: string;
  readonly serve: (incoming: AsyncIterable<Uint8Array>, call: Call) => AsyncIterable<Uint8Array>;
}

type Awaitable<T> = T | Promise<T>;

export function unary<I, O>(
  { path, input, output }: Method<I, O>,
  handle: (request: I, call: Call) => Awaitable<Sendable<O>>,
): Endpoint {
  return {
    path,
    serve: async function* (incoming, call) {
      for await (const bytes of incoming) {
        yield encode(output, await handle(decode(input, bytes), call));
        return;
      }
      throw new GrpcError(CODE.invalidArgument, "the request is missing");
    },
  };
}

/** One request, many answers. */
export function serverStreaming<I, O>(
  { path, input, output }: Method<I, O>,
  handle: (request: I, call: Call) => AsyncIterable<Sendable<O>>,
): Endpoint {
  return {
    path,
    serve: async function* (incoming, call) {
      for await (const bytes of incoming) {
        for await (const answer of handle(decode(input, bytes), call)) yield encode(output, answer);
        return;
      }
      throw new GrpcError(CODE.invalidArgument, "the request is missing");
    },
  };
}

export function bidirectional<I, O>(
  { path, input, output }: Method<I, O>,
  handle: (requests: AsyncIterable<I>, call: Call) => AsyncIterable<Sendable<O>>,
): Endpoint {
  return {
    path,
    serve: async function* (incoming, call) {
      for await (const answer of handle(decoded(input, incoming), call)) yield encode(output, answer);
    },
  };
}

export async function* decoded<T>(type: Message<T>, incoming: AsyncIterable<Uint8Array>): AsyncGenerator<T> {
  for await (const bytes of incoming) yield decode(type, bytes);
}
