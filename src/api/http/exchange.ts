/** One request being served: what the handler sees of it, and what the connection must clear away afterwards. */
import type { Duplex } from "../../base/duplex.ts";
import type { LentBody } from "../../base/lent-socket.ts";
import type { SocketStream } from "../../base/socket-stream.ts";
import type { ByteReader } from "../../wire/byte-reader.ts";
import {
  type Framing,
  type HeaderMap,
  HttpError,
  hasToken,
  type RequestHead,
  requestFraming,
  writeResponseHead,
} from "../../wire/http1.ts";
import { readBody } from "../../wire/http1-body.ts";
import { Query } from "../../wire/query.ts";
import type { Request, UpgradeHead } from "./message.ts";

const CONTINUE = Buffer.from("HTTP/1.1 100 Continue\r\n\r\n");
/** An unread body up to this size is skipped to save the connection; with a longer one, closing is cheaper. */
const MAX_DISCARD_BYTES = 256 * 1024;

export class Exchange implements Request {
  readonly method: string;
  readonly path: string;
  readonly query: Query;
  readonly headers: HeaderMap;
  readonly body: AsyncIterable<Uint8Array>;
  readonly #framing: Framing;
  #incoming: AsyncGenerator<Uint8Array, void, undefined>;
  readonly #reader: ByteReader;
  readonly #stream: SocketStream;
  #aborter: AbortController | undefined;
  #abortReason: Error | undefined;
  #awaitsContinue: boolean;
  #isBodyRead = false;
  #isBroken = false;

  constructor(head: RequestHead, reader: ByteReader, stream: SocketStream) {
    const { path, search } = splitTarget(head.target);
    if (head.minor === 1 && !head.headers.has("host")) throw new HttpError("missing required Host header");
    this.method = head.method;
    this.path = path;
    this.query = new Query(search);
    this.headers = head.headers;
    this.#framing = requestFraming(head);
    this.#reader = reader;
    this.#stream = stream;
    this.#incoming = readBody(reader, this.#framing);
    this.#awaitsContinue = head.minor === 1 && this.bodyBytes !== 0 && hasToken(head.headers, "expect", "100-continue");
    this.body = { [Symbol.asyncIterator]: () => this.#readBody() };
  }

  get bodyBytes(): number | undefined {
    return this.#framing.kind === "length" ? this.#framing.bytes : undefined;
  }

  get signal(): AbortSignal {
    this.#aborter ??= new AbortController();
    if (this.#abortReason !== undefined) this.#aborter.abort(this.#abortReason);
    return this.#aborter.signal;
  }

  abort(reason: Error): void {
    this.#abortReason ??= reason;
    this.#aborter?.abort(this.#abortReason);
  }

  async lendBody(): Promise<LentBody | undefined> {
    if (this.#isBodyRead || this.#framing.kind === "untilClose") return undefined;
    await this.#sayContinue();
    const { fd, suspend, resume } = this.#stream.lending;
    const arrived = Buffer.concat([this.#reader.takePending(), ...suspend()]);
    this.#isBodyRead = true;
    this.#incoming = nothing();
    const giveBack = (rest: Uint8Array | "broken"): void => {
      this.#isBroken = rest === "broken";
      resume(rest === "broken" ? new Uint8Array() : rest);
    };
    return { fd, gone: this.#stream.closed, arrived, framing: this.#framing, giveBack };
  }

  async hijack({ status, reason, headers }: UpgradeHead): Promise<Duplex> {
    await this.#stream.write(writeResponseHead(status, reason, headers));
    const stream = this.#stream;
    const isStreamedBody = this.#framing.kind === "chunked" && !this.#isBodyRead;
    return {
      readable: isStreamedBody ? this.body : this.#afterBody(),
      write: (chunk) => stream.write(chunk),
      end: () => stream.end(),
      close: () => stream.close(),
      closed: stream.closed,
    };
  }

  /** False when nobody can tell where the next request would begin: the body is broken, or held back by a client that waits for "100 Continue". */
  get canReuse(): boolean {
    return !this.#awaitsContinue && !this.#isBroken;
  }

  /** Skips what the handler left unread; false when that fails or is too much. */
  async discardBody(): Promise<boolean> {
    let skipped = 0;
    try {
      for await (const piece of this.#incoming) {
        skipped += piece.length;
        if (skipped > MAX_DISCARD_BYTES) return false;
      }
    } catch {
      return false;
    }
    return !this.#isBroken;
  }

  /** Stopping early leaves the rest for discardBody(). */
  async *#readBody(): AsyncGenerator<Uint8Array, void, undefined> {
    this.#isBodyRead = true;
    await this.#sayContinue();
    for (;;) {
      const { done, value } = await this.#nextPiece();
      if (done === true) return;
      yield value;
    }
  }

  async #sayContinue(): Promise<void> {
    if (!this.#awaitsContinue) return;
    this.#awaitsContinue = false;
    await this.#stream.write(CONTINUE);
  }

  async #nextPiece(): Promise<IteratorResult<Uint8Array, void>> {
    try {
      return await this.#incoming.next();
    } catch (error) {
      this.#isBroken = true;
      throw error;
    }
  }

  async *#afterBody(): AsyncGenerator<Uint8Array, void, undefined> {
    await this.discardBody();
    yield* this.#reader.rest();
  }
}

async function* nothing(): AsyncGenerator<Uint8Array, void, undefined> {}

/** Takes origin-form ("/path?query") and absolute-form targets apart. */
function splitTarget(target: string): { path: string; search: string } {
  const local = target.replace(/^https?:\/\/[^/?]*/i, "");
  const mark = local.indexOf("?");
  const encoded = mark < 0 ? local : local.slice(0, mark);
  try {
    return { path: decodeURIComponent(encoded) || "/", search: mark < 0 ? "" : local.slice(mark + 1) };
  } catch {
    throw new HttpError("malformed percent-encoding in the request path");
  }
}
