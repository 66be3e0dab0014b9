/**
 * Records of the container log, one a line: `<RFC 3339, 30 bytes> stdout|stderr F|P <content>`, F for a whole line, P for a part of one.
 * Clients get one frame per record, as from Docker. Invariant: what a record becomes is never longer than the record.
 */
import { FRAME_HEADER_BYTES } from "../../wire/multiplex.ts";

export const NEWLINE = 10;
const SPACE = 32;
const TIMESTAMP_BYTES = 30;
/** " stdout F " follows the time; these bytes of a record tell it apart. */
const STREAM_AT = 34;
const TAG_AT = 38;
const PREFIX_BYTES = 40;
const LETTER_O = "o".charCodeAt(0);
const LETTER_F = "F".charCodeAt(0);
const LETTER_Z = "Z".charCodeAt(0);

export interface RecordFormat {
  readonly stdout: boolean;
  readonly stderr: boolean;
  /** Puts the record's time and a space before its content. */
  readonly timestamps: boolean;
  /** Raw content instead of frames. */
  readonly tty: boolean;
  /** Unix nanoseconds, both inclusive. */
  readonly since: bigint | undefined;
  readonly until: bigint | undefined;
}

export interface Formatted {
  readonly bytes: Uint8Array;
  /** True once a record later than `until` has been met. */
  readonly pastEnd: boolean;
}

/** A function that turns whole records into what the client gets. Lines that are no records are left out. */
export function createFormatter(format: RecordFormat): (records: Buffer) => Formatted {
  const since = format.since === undefined ? undefined : toTimestamp(format.since);
  const until = format.until === undefined ? undefined : toTimestamp(format.until);
  return (records) => {
    const out = Buffer.allocUnsafe(records.length);
    let length = 0;
    for (let at = 0; at < records.length; ) {
      const end = records.indexOf(NEWLINE, at);
      const next = end + 1;
      if (isRecord(records, at, end)) {
        if (until !== undefined && compareTime(records, at, until) > 0) {
          return { bytes: out.subarray(0, length), pastEnd: true };
        }
        const isStdout = records[at + STREAM_AT] === LETTER_O;
        const wanted = isStdout ? format.stdout : format.stderr;
        if (wanted && (since === undefined || compareTime(records, at, since) >= 0)) {
          const stop = records[at + TAG_AT] === LETTER_F ? next : end;
          length = put(records, { at, stop, stream: isStdout ? 1 : 2 }, { out, length, format });
        }
      }
      at = next;
    }
    return { bytes: out.subarray(0, length), pastEnd: false };
  };
}

interface Output {
  readonly out: Buffer;
  readonly length: number;
  readonly format: RecordFormat;
}

/** Appends one record, whose content ends before `stop`. Returns the new length. */
function put(records: Buffer, record: { at: number; stop: number; stream: 1 | 2 }, output: Output): number {
  const { at, stop, stream } = record;
  const { out, format } = output;
  let { length } = output;
  const start = at + PREFIX_BYTES;
  if (!format.tty) {
    const size = stop - start + (format.timestamps ? TIMESTAMP_BYTES + 1 : 0);
    out.writeUInt32BE(stream * 0x1000000, length);
    out.writeUInt32BE(size, length + 4);
    length += FRAME_HEADER_BYTES;
  }
  if (format.timestamps) length += records.copy(out, length, at, at + TIMESTAMP_BYTES + 1);
  return length + records.copy(out, length, start, stop);
}

function isRecord(records: Buffer, at: number, end: number): boolean {
  return (
    end - at >= PREFIX_BYTES &&
    records[at + TIMESTAMP_BYTES - 1] === LETTER_Z &&
    records[at + TIMESTAMP_BYTES] === SPACE &&
    records[at + TAG_AT - 1] === SPACE &&
    records[at + TAG_AT + 1] === SPACE
  );
}

/** Times of one width order as their bytes do. */
function compareTime(records: Buffer, at: number, time: Buffer): number {
  return records.compare(time, 0, TIMESTAMP_BYTES, at, at + TIMESTAMP_BYTES);
}

const FIRST = -62_135_596_800n;
const LAST = 253_402_300_799n;

/** Unix nanoseconds as records have them; years outside four digits are cut to the first and last that have them. */
function toTimestamp(ns: bigint): Buffer {
  const fraction = BigInt.asUintN(64, ((ns % 1_000_000_000n) + 1_000_000_000n) % 1_000_000_000n);
  const seconds = (ns - fraction) / 1_000_000_000n;
  const within = seconds < FIRST ? FIRST : seconds > LAST ? LAST : seconds;
  const date = new Date(Number(within) * 1000).toISOString().slice(0, 19);
  return Buffer.from(`${date}.${fraction.toString().padStart(9, "0")}Z`);
}
