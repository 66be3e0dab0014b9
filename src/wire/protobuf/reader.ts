/** Protocol Buffers' wire format, incoming. Lengths are checked before anything is read by them. */
import { asBuffer } from "../../base/bytes.ts";
import { invalidParameter } from "../../base/errors.ts";

/** Fields of one message, and of those in it, down to the smallest: more would keep the engine busy for too long. */
const MAX_FIELDS = 100_000;

interface Budget {
  fields: number;
}

interface Part {
  readonly start: number;
  readonly end: number;
}

export class ProtoReader {
  readonly #bytes: Buffer;
  readonly #end: number;
  readonly #budget: Budget;
  #at: number;

  private constructor(bytes: Buffer, { start, end }: Part, budget: Budget) {
    this.#bytes = bytes;
    this.#at = start;
    this.#end = end;
    this.#budget = budget;
  }

  static of(bytes: Uint8Array): ProtoReader {
    const whole = asBuffer(bytes);
    return new ProtoReader(whole, { start: 0, end: whole.length }, { fields: MAX_FIELDS });
  }

  /** Whether there is something more. Throws invalidParameter when it was asked too often. */
  more(): boolean {
    if (this.#at >= this.#end) return false;
    if (this.#budget.fields-- > 0) return true;
    throw damaged(`it has more than ${MAX_FIELDS} fields`);
  }

  /** Throws invalidParameter for numbers of more than 64 bits. */
  varint64(): bigint {
    // Most of the arithmetic is that of small numbers: with big ones only, it would take most of a build's time.
    let low = 0;
    for (let factor = 1; factor < 2 ** 49; factor *= 128) {
      const byte = this.#byte();
      low += (byte & 127) * factor;
      if (byte < 128) return BigInt(low);
    }
    let high = 0;
    for (let factor = 1; factor < 2 ** 21; factor *= 128) {
      const byte = this.#byte();
      high += (byte & 127) * factor;
      if (byte < 128) return BigInt.asUintN(64, (BigInt(high) << 49n) | BigInt(low));
    }
    throw damaged("a number is too long");
  }

  /** A number of 64 bits with a sign, as near as a number gets to it. */
  signed(): number {
    const start = this.#at;
    let value = 0;
    for (let factor = 1; factor < 2 ** 49; factor *= 128) {
      const byte = this.#byte();
      value += (byte & 127) * factor;
      if (byte < 128) return value;
    }
    this.#at = start;
    return Number(BigInt.asIntN(64, this.varint64()));
  }

  varint(): number {
    let value = 0;
    for (let factor = 1; factor <= 2 ** 49; factor *= 128) {
      const byte = this.#byte();
      value += (byte & 127) * factor;
      if (byte < 128) return value;
    }
    throw damaged("a number is too large");
  }

  float64(): number {
    const bytes = this.#take(8);
    return new DataView(bytes.buffer, bytes.byteOffset).getFloat64(0, true);
  }

  /** A view of what follows its length. */
  bytes(): Uint8Array {
    return this.#take(this.varint());
  }

  /** A reader of what follows its length, and of no more. */
  inner(): ProtoReader {
    const start = this.#advance(this.varint());
    return new ProtoReader(this.#bytes, { start, end: this.#at }, this.#budget);
  }

  /** The text that follows its length. */
  text(): string {
    const start = this.#advance(this.varint());
    return this.#bytes.toString("utf8", start, this.#at);
  }

  /** Passes over a field that nobody knows. */
  skip(type: number): void {
    if (type === 0) this.varint64();
    else if (type === 1) this.#take(8);
    else if (type === 2) this.bytes();
    else if (type === 5) this.#take(4);
    else throw damaged(`wire type ${type}`);
  }

  #byte(): number {
    const byte = this.#at < this.#end ? this.#bytes[this.#at++] : undefined;
    if (byte === undefined) throw damaged("it ends too early");
    return byte;
  }

  #take(length: number): Uint8Array {
    const start = this.#advance(length);
    return new Uint8Array(this.#bytes.buffer, this.#bytes.byteOffset + start, length);
  }

  /** Passes over so many bytes; where they begin. */
  #advance(length: number): number {
    const start = this.#at;
    if (length > this.#end - start) throw damaged("it ends too early");
    this.#at = start + length;
    return start;
  }
}

const damaged = (what: string): Error => invalidParameter(`invalid protobuf message: ${what}`);
