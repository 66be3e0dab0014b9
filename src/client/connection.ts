/** One HTTP/1.1 connection: one exchange at a time, used again when the last one ended cleanly, or given away as a raw stream. */
import type { Duplex } from "../base/duplex.ts";
import type { LentBody, OutgoingBody } from "../base/lent-socket.ts";
import { ByteReader } from "../wire/byte-reader.ts";
import {
  type Framing,
  HttpError,
  keepsAlive,
  MAX_HEAD_BYTES,
  parseResponseHead,
  type ResponseHead,
  responseFraming,
  writeRequestHead,
} from "../wire/http1.ts";
import { encodeChunk, LAST_CHUNK, readBody } from "../wire/http1-body.ts";

export interface HttpRequest {
  readonly method: string;
  /** Path and query. */
  readonly target: string;
  readonly headers: Readonly<Record<string, string>>;
  /** A stream is sent chunked. */
  readonly body?: Uint8Array | AsyncIterable<Uint8Array> | OutgoingBody;
}

export interface HttpResponse {
  readonly head: ResponseHead;
  /** Read it to its end to free the connection, or `discard()`. */
  readonly body: AsyncIterable<Uint8Array>;
  /** The body still in its socket, for a reader that is faster than `body`; undefined where the transport has no descriptor. */
  lendBody(): Promise<LentBody | undefined>;
  /** Gives the rest up, and the connection with it. */
  discard(): void;
  /** The connection as a raw stream, after the engine agreed to the upgrade. */
  hijack(): Duplex;
}

export class Connection {
  readonly #duplex: Duplex;
  readonly #reader: ByteReader;
  #open = true;

  constructor(duplex: Duplex) {
    this.#duplex = duplex;
    this.#reader = new ByteReader(duplex.readable);
    void duplex.closed.then(() => {
      this.#open = false;
    });
  }

  get open(): boolean {
    return this.#open;
  }

  close(): void {
    this.#open = false;
    this.#duplex.close();
  }

  /** Sends and waits for the head of the answer. `onIdle` is called once the connection may carry another exchange. */
  async exchange(request: HttpRequest, onIdle: () => void): Promise<HttpResponse> {
    try {
      const sending = this.#send(request);
      // The engine may answer, and hang up, before it has taken the whole body: then the answer is what matters.
      const failure = sending.then(
        () => undefined,
        (error: unknown) => error,
      );
      const head = await this.#readHead().catch(async (error: unknown) => {
        throw (await failure) ?? error;
      });
      return this.#response(head, request.method, onIdle);
    } catch (error) {
      this.close();
      throw error;
    }
  }

  async #send({ method, target, headers, body }: HttpRequest): Promise<void> {
    if (body === undefined || body instanceof Uint8Array) {
      const length = body === undefined ? [] : [["Content-Length", String(body.length)] as const];
      const head = writeRequestHead(method, target, [...Object.entries(headers), ...length]);
      return this.#duplex.write(body === undefined ? head : Buffer.concat([head, body]));
    }
    const chunked = ["Transfer-Encoding", "chunked"] as const;
    await this.#duplex.write(writeRequestHead(method, target, [...Object.entries(headers), chunked]));
    await this.#sendBody("body" in body ? body : { body });
    await this.#duplex.write(LAST_CHUNK);
  }

  async #sendBody({ body, sendTo }: OutgoingBody): Promise<void> {
    const { lending, closed: gone } = this.#duplex;
    if (sendTo !== undefined && lending !== undefined) return sendTo({ fd: lending.fd, gone });
    for await (const piece of this.#sourced(body)) await this.#duplex.write(encodeChunk(piece));
  }

  /** A body that fails at its source ends the exchange: the engine would wait for the rest, and we for its answer. */
  async *#sourced(body: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void, undefined> {
    try {
      yield* body;
    } catch (error) {
      this.close();
      throw error;
    }
  }

  /** Skips interim answers but the one that switches protocols. */
  async #readHead(): Promise<ResponseHead> {
    for (;;) {
      const bytes = await this.#reader.readThrough("\r\n\r\n", MAX_HEAD_BYTES);
      if (bytes === undefined) throw new HttpError("the engine closed the connection without an answer");
      const head = parseResponseHead(bytes);
      if (head.status >= 200 || head.status === 101) return head;
    }
  }

  #response(head: ResponseHead, method: string, onIdle: () => void): HttpResponse {
    const framing = responseFraming(head, method);
    const release = (): void => {
      if (!this.#open || head.status === 101) return;
      if (keepsAlive(head)) onIdle();
      else this.close();
    };
    const empty = framing.kind === "length" && framing.bytes === 0;
    if (empty) release();
    return {
      head,
      lendBody: async () => this.#lendBody(framing, release),
      body: this.#body(framing, empty ? () => undefined : release),
      discard: () => {
        if (!empty) this.close();
      },
      hijack: () => this.#hijack(),
    };
  }

  #lendBody(framing: Framing, release: () => void): LentBody | undefined {
    const { lending, closed: gone } = this.#duplex;
    if (lending === undefined || framing.kind === "untilClose") return undefined;
    const arrived = Buffer.concat([this.#reader.takePending(), ...lending.suspend()]);
    const giveBack = (rest: Uint8Array | "broken"): void => {
      if (rest === "broken") return this.close();
      lending.resume(rest);
      release();
    };
    return { fd: lending.fd, gone, arrived, framing, giveBack };
  }

  async *#body(framing: Framing, release: () => void): AsyncGenerator<Uint8Array, void, undefined> {
    let whole = false;
    try {
      yield* readBody(this.#reader, framing);
      whole = true;
    } finally {
      if (whole) release();
      else this.close();
    }
  }

  #hijack(): Duplex {
    const duplex = this.#duplex;
    return {
      readable: this.#reader.rest(),
      write: (chunk) => duplex.write(chunk),
      end: () => duplex.end(),
      close: () => duplex.close(),
      closed: duplex.closed,
    };
  }
}
