/** DNS messages for tests: queries written by hand, answers taken apart. Knows just what the tests ask for. */

export const TYPE = { A: 1, CNAME: 5, SOA: 6, PTR: 12, MX: 15, TXT: 16, AAAA: 28, SRV: 33, OPT: 41, ANY: 255 } as const;
export type TypeName = keyof typeof TYPE;

export interface Query {
  readonly name: string;
  readonly type?: TypeName;
  readonly id?: number;
  /** Of the header; RD alone when left out. */
  readonly flags?: number;
  readonly class?: number;
  /** UDP bytes that the client takes, in an OPT record. */
  readonly edns?: number;
}

export interface Answer {
  readonly id: number;
  readonly flags: number;
  readonly rcode: number;
  readonly truncated: boolean;
  readonly name: string;
  readonly answers: readonly Row[];
  readonly additional: readonly Row[];
  readonly bytes: number;
}

export interface Row {
  readonly name: string;
  readonly type: number;
  readonly ttl: number;
  /** An address or a name as text, anything else in hex. */
  readonly data: string;
}

function toName(text: string): Buffer {
  const labels = text.split(".").filter((label) => label !== "");
  return Buffer.concat([
    ...labels.flatMap((label) => [Buffer.from([Buffer.byteLength(label)]), Buffer.from(label)]),
    Buffer.from([0]),
  ]);
}

const u16 = (...values: readonly number[]): Buffer =>
  Buffer.from(values.flatMap((value) => [(value >> 8) & 0xff, value & 0xff]));

export function toQuery({ name, type = "A", id = 4660, flags = 0x0100, class: asked = 1, edns }: Query): Buffer {
  const opt = edns === undefined ? [] : [Buffer.from([0]), u16(TYPE.OPT, edns, 0, 0, 0)];
  return Buffer.concat([u16(id, flags, 1, 0, 0, opt.length > 0 ? 1 : 0), toName(name), u16(TYPE[type], asked), ...opt]);
}

export interface Reply {
  readonly rcode?: number;
  readonly truncated?: boolean;
  /** Addresses of the question's name. */
  readonly addresses?: readonly string[];
  readonly ttl?: number;
  /** The seconds of an SOA record beside an answer that has nothing. */
  readonly negativeTtl?: number;
}

/** What a server answers to this query. */
export function toReply(
  query: Buffer,
  { rcode = 0, truncated = false, addresses = [], ttl = 60, negativeTtl }: Reply,
): Buffer {
  const end = questionEnd(query);
  const rows = addresses.map((address) =>
    Buffer.concat([u16(0xc00c, TYPE.A, 1, 0, ttl, 4), Buffer.from(address.split(".").map(Number))]),
  );
  const soa = Buffer.concat([toName("ns"), toName("me"), u16(0, 1, 0, 1, 0, 1, 0, 1, 0, negativeTtl ?? 0)]);
  const authority = negativeTtl === undefined ? [] : [u16(0xc00c, TYPE.SOA, 1, 0, negativeTtl, soa.length), soa];
  const flags = 0x8180 | rcode | (truncated ? 0x0200 : 0);
  const head = u16(query.readUInt16BE(0), flags, 1, rows.length, authority.length > 0 ? 1 : 0, 0);
  return Buffer.concat([head, query.subarray(12, end), ...rows, ...authority]);
}

export function questionName(message: Buffer): string {
  return readName(message, 12).name;
}

function questionEnd(message: Buffer): number {
  return readName(message, 12).end + 4;
}

function readName(message: Buffer, start: number): { name: string; end: number } {
  const labels: string[] = [];
  let at = start;
  let end: number | undefined;
  for (;;) {
    const length = message.readUInt8(at);
    if (length >= 0xc0) {
      end ??= at + 2;
      at = message.readUInt16BE(at) & 0x3fff;
      continue;
    }
    if (length === 0) return { name: labels.join("."), end: end ?? at + 1 };
    labels.push(message.toString("latin1", at + 1, at + 1 + length));
    at += 1 + length;
  }
}

export function parseAnswer(message: Buffer): Answer {
  const flags = message.readUInt16BE(2);
  const counts = [6, 8, 10].map((at) => message.readUInt16BE(at));
  let at = message.readUInt16BE(4) === 0 ? 12 : questionEnd(message);
  const [answers = [], , additional = []] = counts.map((count) =>
    Array.from({ length: count }, () => {
      const { row, end } = readRow(message, at);
      at = end;
      return row;
    }),
  );
  return {
    id: message.readUInt16BE(0),
    flags,
    rcode: flags & 0xf,
    truncated: (flags & 0x0200) !== 0,
    name: message.readUInt16BE(4) === 0 ? "" : questionName(message),
    answers,
    additional,
    bytes: message.length,
  };
}

function readRow(message: Buffer, start: number): { row: Row; end: number } {
  const { name, end: at } = readName(message, start);
  const type = message.readUInt16BE(at);
  const length = message.readUInt16BE(at + 8);
  const content = message.subarray(at + 10, at + 10 + length);
  if (content.length !== length) throw new Error("a record reaches beyond the message");
  const data = type === TYPE.PTR ? readName(message, at + 10).name : toText(type, content);
  return { row: { name, type, ttl: message.readUInt32BE(at + 4), data }, end: at + 10 + length };
}

function toText(type: number, content: Buffer): string {
  if (type === TYPE.A) return [...content].join(".");
  if (type !== TYPE.AAAA) return content.toString("hex");
  return Array.from({ length: 8 }, (_, i) => content.readUInt16BE(2 * i).toString(16)).join(":");
}
