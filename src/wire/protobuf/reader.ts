/** Protocol Buffers' wire format, incoming. Lengths are checked before anything is read by them. */
import { invalidParameter } from "../../base/errors.ts";

export class ProtoReader {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get done(): boolean {
    return this.#at >= this.#bytes.length;
  }

  /** Throws invalidParameter for numbers of more than 64 bits. */
  varint64(): bigint {
    let value = 0n;
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const byte = this.#byte();
      value |= BigInt(byte & 127) << shift;
      if (byte < 128) return BigInt.asUintN(64, value);
    }
    throw damaged("a number is too long");
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

  /** Passes over a field that nobody knows. */
  skip(type: number): void {
    if (type === 0) this.varint64();
    else if (type === 1) this.#take(8);
    else if (type === 2) this.bytes();
    else if (type === 5) this.#take(4);
    else throw damaged(`wire type ${type}`);
  }

  #byte(): number {
    const byte = this.#bytes[this.#at++];
    if (byte === undefined) throw damaged("it ends too early");
    return byte;
  }

  #take(length: number): Uint8Array {
    if (length > this.#bytes.length - this.#at) throw damaged("it ends too early");
    this.#at += length;
    return this.#bytes.subarray(this.#at - length, this.#at);
  }
}

const damaged = (what: string): Error => invalidParameter(`invalid protobuf message: ${what}`);
