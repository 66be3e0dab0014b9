/** Protocol Buffers' wire format, outgoing: tagged varints, fixed-size numbers and length-delimited bytes in a growing buffer. */

export type WireType = 0 | 1 | 2 | 5;

/** Seven groups of seven bits: what a number holds for certain. */
const LOW_BITS = 49;
const LOW_GROUPS = 7;

export class ProtoWriter {
  #bytes = Buffer.allocUnsafe(256);
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
    const whole = BigInt.asUintN(64, value);
    const high = Number(whole >> BigInt(LOW_BITS));
    let low = Number(BigInt.asUintN(LOW_BITS, whole));
    if (high === 0) return this.varint(low);
    this.#reserve(LOW_GROUPS);
    for (let group = 0; group < LOW_GROUPS; group++) {
      this.#bytes[this.#length++] = (low % 128) | 128;
      low = Math.floor(low / 128);
    }
    return this.varint(high);
  }

  float64(value: number): this {
    this.#reserve(8);
    this.#length = this.#bytes.writeDoubleLE(value, this.#length);
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

  /** With its length before it. */
  text(value: string): this {
    const length = Buffer.byteLength(value);
    this.varint(length);
    this.#reserve(length);
    this.#length += this.#bytes.write(value, this.#length);
    return this;
  }

  /** What `write` writes, with its length before it. */
  inner(write: () => void): this {
    // Nearly every length is of one byte; there is room made for others when they are known.
    const head = this.#length;
    this.#reserve(1);
    this.#length++;
    write();
    const length = this.#length - head - 1;
    this.#length = head;
    if (length > 127) {
      this.#reserve(length + MAX_LENGTH_BYTES);
      this.#bytes.copyWithin(head + lengthBytes(length), head + 1, head + 1 + length);
    }
    this.varint(length);
    this.#length += length;
    return this;
  }

  /** Everything so far; the writer is done with. */
  finish(): Uint8Array {
    return this.#bytes.subarray(0, this.#length);
  }

  #reserve(more: number): void {
    if (this.#length + more <= this.#bytes.length) return;
    const grown = Buffer.allocUnsafe(Math.max(this.#bytes.length * 2, this.#length + more));
    grown.set(this.#bytes);
    this.#bytes = grown;
  }
}

const MAX_LENGTH_BYTES = 8;

/** Of a length as a varint. */
function lengthBytes(length: number): number {
  let bytes = 1;
  for (let rest = length; rest > 127; rest = Math.floor(rest / 128)) bytes++;
  return bytes;
}
