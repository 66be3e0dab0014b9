/** Protocol Buffers' wire format, outgoing: tagged varints, fixed-size numbers and length-delimited bytes in a growing buffer. */

export type WireType = 0 | 1 | 2 | 5;

export class ProtoWriter {
  #bytes = new Uint8Array(256);
  #length = 0;

  tag(field: number, type: WireType): this {
    return this.varint((field << 3) | type);
  }

  /** A whole number from 0 to 2^53. */
  varint(value: number): this {
    let rest = value;
    this.#reserve(8);
    while (rest > 127) {
      this.#bytes[this.#length++] = (rest % 128) | 128;
      rest = Math.floor(rest / 128);
    }
    this.#bytes[this.#length++] = rest;
    return this;
  }

  /** Any 64-bit number; negative ones in two's complement. */
  varint64(value: bigint): this {
    let rest = BigInt.asUintN(64, value);
    this.#reserve(10);
    while (rest > 127n) {
      this.#bytes[this.#length++] = Number(rest & 127n) | 128;
      rest >>= 7n;
    }
    this.#bytes[this.#length++] = Number(rest);
    return this;
  }

  float64(value: number): this {
    this.#reserve(8);
    new DataView(this.#bytes.buffer).setFloat64(this.#length, value, true);
    this.#length += 8;
    return this;
  }

  /** With its length before it. */
  bytes(value: Uint8Array): this {
    this.varint(value.length);
    this.#reserve(value.length);
    this.#bytes.set(value, this.#length);
    this.#length += value.length;
    return this;
  }

  /** Everything so far; the writer is done with. */
  finish(): Uint8Array {
    return this.#bytes.subarray(0, this.#length);
  }

  #reserve(more: number): void {
    if (this.#length + more <= this.#bytes.length) return;
    const grown = new Uint8Array(Math.max(this.#bytes.length * 2, this.#length + more));
    grown.set(this.#bytes);
    this.#bytes = grown;
  }
}
