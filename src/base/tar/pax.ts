/** Extended headers of POSIX.1-2001: `<length> <key>=<value>\n` records that override the header they precede. */
import { invalidHeader } from "./header.ts";

/** Keys and values with one character a byte. */
export type PaxRecords = ReadonlyMap<string, string>;

export const NO_RECORDS: PaxRecords = new Map();

const LENGTH = /^[1-9][0-9]{0,8}$/;

/** A later record of the same key wins; an empty value takes the key back. Throws TarError on any malformed record. */
export function parsePax(block: Buffer): PaxRecords {
  const body = block.toString("latin1");
  const records = new Map<string, string>();
  for (let at = 0; at < body.length; ) {
    const space = body.indexOf(" ", at);
    const length = body.slice(at, space);
    if (space < 0 || !LENGTH.test(length)) throw invalidHeader();
    const end = at + Number(length);
    const equals = body.indexOf("=", space);
    if (end > body.length || equals < 0 || equals >= end || body[end - 1] !== "\n") throw invalidHeader();
    setRecord(records, body.slice(space + 1, equals), body.slice(equals + 1, end - 1));
    at = end;
  }
  return records;
}

/** The one kind of record that repeats, version 0.0 of sparse files, becomes what version 0.1 has: a list in one record. */
function setRecord(records: Map<string, string>, key: string, value: string): void {
  if (key !== "GNU.sparse.offset" && key !== "GNU.sparse.numbytes") {
    records.set(key, value);
    return;
  }
  const before = records.get("GNU.sparse.map");
  records.set("GNU.sparse.map", before === undefined ? value : `${before},${value}`);
}

const XATTR_PREFIX = "SCHILY.xattr.";

const NO_XATTRS: ReadonlyMap<string, Uint8Array> = new Map();

/** One and the same for the many files without any. */
export function paxXattrs(records: PaxRecords): ReadonlyMap<string, Uint8Array> {
  if (records.size === 0) return NO_XATTRS;
  const found = new Map<string, Uint8Array>();
  for (const [key, value] of records) {
    if (key.startsWith(XATTR_PREFIX)) found.set(key.slice(XATTR_PREFIX.length), Buffer.from(value, "latin1"));
  }
  return found.size === 0 ? NO_XATTRS : found;
}

/** A whole number of a record; undefined when it is absent or empty. */
export function paxInteger(records: PaxRecords, key: string): number | undefined {
  const value = records.get(key);
  if (value === undefined || value === "") return undefined;
  const number = Number(value);
  if (!/^-?[0-9]+$/.test(value) || !Number.isSafeInteger(number)) throw invalidHeader();
  return number;
}

const TIME = /^(-?)([0-9]{1,12})(?:\.([0-9]*))?$/;

/** A decimal time in seconds as nanoseconds; finer digits are dropped. */
export function paxTimeNs(records: PaxRecords, key: string): bigint | undefined {
  const value = records.get(key);
  if (value === undefined || value === "") return undefined;
  const [, sign, seconds, fraction = ""] = TIME.exec(value) ?? [];
  if (seconds === undefined) throw invalidHeader();
  const ns = BigInt(seconds) * 1_000_000_000n + BigInt(fraction.slice(0, 9).padEnd(9, "0"));
  return sign === "-" ? -ns : ns;
}
