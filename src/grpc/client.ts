/** Calls gRPC methods of whoever is at the other end of a connection: a build's client, which serves its files and secrets. */
import { type ClientHttp2Session, type ClientHttp2Stream, connect } from "node:http2";
import type { Duplex } from "../base/duplex.ts";
import { decode, encode, type Message, type Sendable } from "../wire/protobuf/message.ts";
import { frame, unframed } from "./frames.ts";
import { chunksOf, StreamWriter } from "./http2-stream.ts";
import { decoded, type Method } from "./method.ts";
import { toNodeDuplex } from "./node-duplex.ts";
import type { OpenCall } from "./open-call.ts";
import { CODE, GrpcError, parseTrailers } from "./status.ts";

/** Of HTTP/2's reasons to end a stream (RFC 9113, 7). */
const NO_ERROR = 0;
const CANCEL = 8;
const WINDOW_BYTES = 8 * 1024 * 1024;

export type Metadata = Readonly<Record<string, string | readonly string[]>>;

export class GrpcClient {
  /** Settles when the connection is gone. */
  readonly closed: Promise<void>;
  readonly #session: ClientHttp2Session;

  constructor(peer: Duplex) {
    const options = { createConnection: () => toNodeDuplex(peer), settings: { initialWindowSize: WINDOW_BYTES } };
    this.#session = connect("http://localhost", options);
    this.#session.on("error", () => undefined);
    this.#session.on("connect", () => this.#session.setLocalWindowSize(WINDOW_BYTES));
    this.closed = peer.closed;
  }

  close(): void {
    this.#session.destroy();
  }

  open<I, O>({ path, input, output }: Method<I, O>, metadata: Metadata = {}): OpenCall<I, O> {
    if (this.#session.destroyed || this.#session.closed) {
      throw new GrpcError(CODE.unavailable, "the connection is closed");
    }
    const stream = this.#session.request({
      ":method": "POST",
      ":path": path,
      "content-type": "application/grpc",
      te: "trailers",
      ...metadata,
    });
    const writer = new StreamWriter(stream);
    return {
      send: (request) => writer.write(frame(encode(input, request))),
      end: () => writer.end(),
      cancel: () => stream.close(CANCEL),
      answers: answersOf(stream, output),
    };
  }

  async call<I, O>(method: Method<I, O>, request: Sendable<I>, metadata: Metadata = {}): Promise<O> {
    const call = this.open(method, metadata);
    await call.send(request);
    call.end();
    let last: O | undefined;
    for await (const answer of call.answers) last = answer;
    return last ?? decode(method.output, new Uint8Array());
  }
}

/** Listens for the status at once: it may come with the headers, before anybody reads. */
function answersOf<O>(stream: ClientHttp2Stream, output: Message<O>): AsyncIterable<O> {
  const ended = Promise.withResolvers<GrpcError | undefined>();
  const note = (headers: Readonly<Record<string, unknown>>): void => {
    if (headers["grpc-status"] !== undefined) ended.resolve(parseTrailers(headers));
  };
  stream.on("response", note);
  stream.on("trailers", note);
  stream.on("error", () => undefined);
  // What is still on its way would wait for room that nobody makes.
  stream.on("end", () => {
    if (!stream.writableEnded) stream.close(NO_ERROR);
  });
  stream.on("close", () => ended.resolve(new GrpcError(CODE.unavailable, "the connection is closed")));
  const messages = decoded(output, unframed(chunksOf(stream)));
  return (async function* () {
    yield* messages;
    const error = await ended.promise;
    if (error !== undefined) throw error;
  })();
}
