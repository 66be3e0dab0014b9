/** Pulls bytes from a stream by delimiter or by amount; whatever a message did not use stays for the next reader. */
import { asBuffer } from "../base/bytes.ts";
import { HttpError } from "./http1.ts";

const EMPTY = Buffer.alloc(0);

export class ByteReader {
  readonly #source: AsyncIterator<Uint8Array>;
  #pending: Buffer = EMPTY;
  #ended = false;

  constructor(source: AsyncIterable<Uint8Array>) {
    this.#source = source[Symbol.asyncIterator]();
  }

  /** Everything up to and including `delimiter`; undefined when the stream ends before its first byte. */
  async readThrough(delimiter: string, maxBytes: number): Promise<Uint8Array | undefined> {
    let searched = 0;
    for (;;) {
      const at = this.#pending.indexOf(delimiter, searched, "latin1");
      const end = at + delimiter.length;
      if (at >= 0 && end <= maxBytes) return this.#take(end);
      if (at >= 0 || this.#pending.length >= maxBytes)
        throw new HttpError(`more than ${maxBytes} bytes without an end`);
      searched = Math.max(0, this.#pending.length - delimiter.length + 1);
      if (await this.#pull()) continue;
      if (this.#pending.length === 0) return undefined;
      throw new HttpError("connection closed in the middle of a message");
    }
  }

  /** What is there, at most `maxBytes`, waiting for the first byte; undefined at the end of the stream. */
  async readSome(maxBytes: number = Number.POSITIVE_INFINITY): Promise<Uint8Array | undefined> {
    while (this.#pending.length === 0) {
      if (!(await this.#pull())) return undefined;
    }
    return this.#take(Math.min(maxBytes, this.#pending.length));
  }

  /** What was read and not yet asked for. */
  takePending(): Uint8Array {
    return this.#take(this.#pending.length);
  }

  /** All that follows, until the stream ends. */
  async *rest(): AsyncGenerator<Uint8Array, void, undefined> {
    for (;;) {
      const chunk = await this.readSome();
      if (chunk === undefined) return;
      yield chunk;
    }
  }

  #take(count: number): Uint8Array {
    const taken = this.#pending.subarray(0, count);
    this.#pending = this.#pending.subarray(count);
    return taken;
  }

  async #pull(): Promise<boolean> {
    if (this.#ended) return false;
    const { done, value } = await this.#source.next();
    if (done === true) {
      this.#ended = true;
      return false;
    }
    const chunk = asBuffer(value);
    this.#pending = this.#pending.length === 0 ? chunk : Buffer.concat([this.#pending, chunk]);
    return true;
  }
}
