/** The body of an HTTP/1.1 message out of the bytes of its connection, pushed in as they come. */
import { type Framing, HttpError } from "./http1.ts";

const EMPTY = Buffer.alloc(0);
const CR = 0x0d;
const LF = 0x0a;
/** A chunk's size with its extensions, and each trailer line. */
const MAX_LINE_BYTES = 4096;
const SIZE_LINE = /^([0-9a-fA-F]{1,13})[ \t]*(?:;[\t\x20-\x7e\x80-\xff]*)?$/;

type State = "size" | "data" | "afterData" | "trailers" | "finished";

export class BodyDecoder {
  #state: State;
  /** Bytes left of the chunk, or of the body. */
  #left: number;
  readonly #isChunked: boolean;
  /** A line that has not ended yet. */
  #line: Buffer = EMPTY;
  #rest: Uint8Array = EMPTY;

  constructor(framing: Exclude<Framing, { kind: "untilClose" }>) {
    this.#isChunked = framing.kind === "chunked";
    this.#left = framing.kind === "length" ? framing.bytes : 0;
    this.#state = this.#isChunked ? "size" : this.#left === 0 ? "finished" : "data";
  }

  get finished(): boolean {
    return this.#state === "finished";
  }

  /** What was pushed beyond the end of the body. */
  get rest(): Uint8Array {
    return this.#rest;
  }

  /** How many of the coming bytes are the body's, with nothing in between. */
  get dataLeft(): number {
    return this.#state === "data" ? this.#left : 0;
  }

  /** Goes over so many of them, which somebody else has taken. */
  pass(bytes: number): void {
    this.#left -= bytes;
    if (this.#left === 0) this.#state = this.#isChunked ? "afterData" : "finished";
  }

  /** The body's bytes among `bytes`, which are not copied. */
  *push(bytes: Uint8Array): Generator<Uint8Array, void, undefined> {
    let at = 0;
    while (at < bytes.length && !this.finished) {
      if (this.#state === "data") {
        const piece = bytes.subarray(at, at + this.#left);
        at += piece.length;
        this.pass(piece.length);
        yield piece;
      } else at = this.#takeLine(bytes, at);
    }
    if (at < bytes.length) this.#rest = bytes.subarray(at);
  }

  /** Takes bytes up to the end of a line, if it is there. */
  #takeLine(bytes: Uint8Array, at: number): number {
    const end = bytes.indexOf(LF, at);
    const stop = end < 0 ? bytes.length : end + 1;
    this.#line = Buffer.concat([this.#line, bytes.subarray(at, stop)]);
    if (this.#line.length > MAX_LINE_BYTES) throw new HttpError(`more than ${MAX_LINE_BYTES} bytes without an end`);
    if (end >= 0) {
      if (this.#line.at(-2) !== CR) throw new HttpError("malformed chunk");
      const line = this.#line.toString("latin1", 0, this.#line.length - 2);
      this.#line = EMPTY;
      this.#state = this.#afterLine(line);
    }
    return stop;
  }

  #afterLine(line: string): State {
    if (this.#state === "trailers") return line === "" ? "finished" : "trailers";
    if (this.#state === "afterData") {
      if (line !== "") throw new HttpError("malformed chunk");
      return "size";
    }
    const match = SIZE_LINE.exec(line);
    if (match === null) throw new HttpError("malformed chunk size");
    this.#left = Number.parseInt(match[1] ?? "", 16);
    return this.#left === 0 ? "trailers" : "data";
  }
}
