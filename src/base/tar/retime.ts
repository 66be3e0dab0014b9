/** A tar stream whose entries get other times: they are changed in the headers where they lie, everything else passes as it is. */
import { BLOCK_BYTES, padding, TarError } from "./entry.ts";

const SIZE = { at: 124, bytes: 12 };
const TIME = { at: 136, bytes: 12 };
const CHECKSUM = { at: 148, bytes: 8 };
const TYPE_AT = 156;
/** Extended headers, whose records are read: "x" is of the next entry, "g" of all that follow. */
const EXTENDED = ["x", "g"];
const MAX_RECORDS_BYTES = 1024 * 1024;

/** From a time to the one that takes its place, in Unix seconds. */
export type Retime = (second: number) => number;

/** Nothing is newer than the moment. */
export const noLaterThan =
  (moment: number): Retime =>
  (second) =>
    Math.min(second, moment);

/** Throws TarError for a stream that ends inside an entry. */
export async function* retimed(tar: AsyncIterable<Uint8Array>, retime: Retime): AsyncGenerator<Uint8Array> {
  const stream = new RetimedStream(retime);
  for await (const chunk of tar) yield* stream.push(chunk);
  stream.close();
}

class RetimedStream {
  readonly #retime: Retime;
  /** What of a header, or of an extended header's records, has come. */
  #held: Buffer = Buffer.alloc(0);
  /** Data and padding of the entry that have not passed yet. */
  #passing = 0;
  /** Bytes of records that are to be held. */
  #records = 0;
  /** From an extended header, for entries too large for their own field. */
  #size: number | undefined;

  constructor(retime: Retime) {
    this.#retime = retime;
  }

  *push(chunk: Uint8Array): Generator<Uint8Array> {
    for (let rest = chunk; rest.length > 0; ) {
      if (this.#passing > 0) {
        const taken = rest.subarray(0, this.#passing);
        this.#passing -= taken.length;
        rest = rest.subarray(taken.length);
        yield taken;
        continue;
      }
      const wanted = this.#records > 0 ? this.#records : BLOCK_BYTES;
      const taken = rest.subarray(0, wanted - this.#held.length);
      this.#held = Buffer.concat([this.#held, taken]);
      rest = rest.subarray(taken.length);
      if (this.#held.length < wanted) return;
      const whole = this.#held;
      this.#held = Buffer.alloc(0);
      yield this.#records > 0 ? this.#readRecords(whole) : this.#header(whole);
    }
  }

  close(): void {
    if (this.#passing > 0 || this.#held.length > 0 || this.#records > 0) throw new TarError("unexpected EOF");
  }

  #header(block: Buffer): Buffer {
    // The end is two blocks of zeros.
    if (block.every((byte) => byte === 0)) return block;
    const size = this.#size ?? numberAt(block, SIZE);
    this.#size = undefined;
    const stored = size + padding(size);
    if (EXTENDED.includes(block.toString("latin1", TYPE_AT, TYPE_AT + 1))) {
      if (size > MAX_RECORDS_BYTES) throw new TarError("extended header is too long");
      this.#records = stored;
    } else this.#passing = stored;
    const before = numberAt(block, TIME);
    const after = this.#retime(before);
    if (after === before) return block;
    block.write(`${after.toString(8).padStart(TIME.bytes - 1, "0")}\0`, TIME.at, "latin1");
    block.write(" ".repeat(CHECKSUM.bytes), CHECKSUM.at, "latin1");
    const sum = block.reduce((total, byte) => total + byte, 0);
    block.write(`${sum.toString(8).padStart(CHECKSUM.bytes - 2, "0")}\0 `, CHECKSUM.at, "latin1");
    return block;
  }

  /** Times in records change in as many digits as they have, so that no length does. */
  #readRecords(records: Buffer): Buffer {
    this.#records = 0;
    const text = records.toString("latin1");
    const size = /(?:^|\n)\d+ size=(\d+)\n/.exec(text)?.[1];
    if (size !== undefined) this.#size = Number(size);
    const changed = text.replace(TIME_RECORD, (whole, before: string, time: string) => {
      const after = this.#retime(Number(time));
      return after === Number(time) ? whole : before + inDigits(after, time.length);
    });
    return Buffer.from(changed, "latin1");
  }
}

const TIME_RECORD = /((?:^|\n)\d+ [acm]time=)([\d.]+)(?=\n)/g;

/** A number of seconds in so many characters, filled with zeros behind its point or before it. */
function inDigits(second: number, length: number): string {
  const whole = String(second);
  return length > whole.length + 1 ? `${whole}.`.padEnd(length, "0") : whole.padStart(length, "0");
}

/** Octal, or GNU's base 256 where the first bit is set. */
function numberAt(block: Buffer, { at, bytes }: { readonly at: number; readonly bytes: number }): number {
  if (((block[at] ?? 0) & 0x80) !== 0) return block.readUIntBE(at + bytes - 6, 6);
  const digits = block
    .toString("latin1", at, at + bytes)
    .replace(/[\0 ]+$/, "")
    .trim();
  return digits === "" ? 0 : Number.parseInt(digits, 8);
}
