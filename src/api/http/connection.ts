/** One HTTP/1.1 connection: requests are served strictly one after the other, each body is used up before the next head is read. */
import { messageOf } from "../../base/errors.ts";
import type { Logger } from "../../base/log.ts";
import type { SocketStream } from "../../base/socket-stream.ts";
import { ByteReader } from "../../wire/byte-reader.ts";
import { HttpError, keepsAlive, MAX_HEAD_BYTES, parseRequestHead, type RequestHead } from "../../wire/http1.ts";
import { Exchange } from "./exchange.ts";
import type { RequestHandler } from "./message.ts";
import { sendFailure, sendReply } from "./send.ts";

const HEAD_END = "\r\n\r\n";
/** How long a client may take to notice that the connection is over. */
const LINGER_MS = 2000;

export interface ConnectionOptions {
  readonly handler: RequestHandler;
  readonly log: Logger;
  /** How long a connection may wait for the whole head of its next request. */
  readonly idleTimeoutMs: number;
}

export class Connection {
  /** Resolves once the connection is closed and its handler has returned. */
  readonly done: Promise<void>;
  readonly #stream: SocketStream;
  readonly #reader: ByteReader;
  readonly #options: ConnectionOptions;
  #exchange: Exchange | undefined;
  #stopping = false;

  constructor(stream: SocketStream, options: ConnectionOptions) {
    this.#stream = stream;
    this.#reader = new ByteReader(stream.readable);
    this.#options = options;
    void stream.ended.then(() => this.#exchange?.abort(new Error("the client has closed the connection")));
    this.done = this.#serve();
  }

  /** No further request; the one in hand is told to come to its end. */
  stop(reason: Error): void {
    this.#stopping = true;
    if (this.#exchange === undefined) this.#stream.close();
    else this.#exchange.abort(reason);
  }

  /** Cuts the connection whatever it is doing. */
  close(): void {
    this.#stream.close();
  }

  async #serve(): Promise<void> {
    try {
      while (!this.#stopping && (await this.#serveNext()));
    } catch (error) {
      if (error instanceof HttpError) await sendFailure(this.#stream, error.message);
      else this.#options.log.debug("connection failed", { error: messageOf(error) });
    }
    await this.#finish();
  }

  /** True when the connection can carry another request. */
  async #serveNext(): Promise<boolean> {
    const head = await this.#readHead();
    if (head === undefined) return false;
    const exchange = new Exchange(head, this.#reader, this.#stream);
    this.#exchange = exchange;
    try {
      const reply = await this.#options.handler(exchange);
      if (reply.kind === "hijacked") return false;
      const isEndless = reply.kind === "stream" && head.minor === 0;
      const keepAlive = keepsAlive(head) && !this.#stopping && !isEndless && exchange.canReuse;
      await sendReply(this.#stream, reply, { head, keepAlive });
      return keepAlive && (await exchange.discardBody());
    } catch (error) {
      // A write may fail before the end of the connection is told: nobody waits for what is under way any more.
      exchange.abort(new Error("the client has closed the connection", { cause: error }));
      throw error;
    } finally {
      this.#exchange = undefined;
    }
  }

  async #readHead(): Promise<RequestHead | undefined> {
    const timer = setTimeout(() => this.#stream.close(), this.#options.idleTimeoutMs);
    try {
      const bytes = await this.#reader.readThrough(HEAD_END, MAX_HEAD_BYTES);
      return bytes === undefined ? undefined : parseRequestHead(bytes);
    } finally {
      clearTimeout(timer);
    }
  }

  /** Half-closes, and lets the client take what was written and close its half. */
  async #finish(): Promise<void> {
    this.#stream.end();
    const linger = setTimeout(() => this.#stream.close(), LINGER_MS);
    await this.#stream.ended;
    clearTimeout(linger);
    this.#stream.close();
  }
}
