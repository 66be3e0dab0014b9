/** Tar archives made here: ustar headers, with an extended header where a name does not fit. Same input, same bytes. */
import { BLOCK_BYTES, type EntryType, padding } from "./entry.ts";

export interface TarMember {
  readonly type: EntryType;
  /** UTF-8. */
  readonly name: string;
  readonly linkName?: string;
  readonly mode?: number;
  readonly uid?: number;
  readonly gid?: number;
  readonly mtimeSec?: number;
  readonly major?: number;
  readonly minor?: number;
  readonly data?: Uint8Array;
  /** Extended header records besides those for long names. */
  readonly pax?: Readonly<Record<string, string | Uint8Array>>;
}

const FLAGS: Readonly<Record<EntryType, string>> = {
  file: "0",
  link: "1",
  symlink: "2",
  char: "3",
  block: "4",
  directory: "5",
  fifo: "6",
};

const NO_DATA = new Uint8Array(0);
const NAME_BYTES = 100;

const octal = (value: number, length: number): string => `${value.toString(8).padStart(length - 1, "0")}\0`;

function headerBlock(member: TarMember, flag: string, size: number): Buffer {
  const block = Buffer.alloc(BLOCK_BYTES);
  Buffer.from(member.name).copy(block, 0, 0, NAME_BYTES);
  block.write(octal(member.mode ?? 0o644, 8), 100);
  block.write(octal(member.uid ?? 0, 8), 108);
  block.write(octal(member.gid ?? 0, 8), 116);
  block.write(octal(size, 12), 124);
  block.write(octal(member.mtimeSec ?? 0, 12), 136);
  block.write(`        ${flag}`, 148);
  Buffer.from(member.linkName ?? "").copy(block, 157, 0, NAME_BYTES);
  block.write("ustar\x0000", 257);
  block.write(octal(member.major ?? 0, 8), 329);
  block.write(octal(member.minor ?? 0, 8), 337);
  const sum = block.reduce((total, byte) => total + byte, 0);
  block.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148);
  return block;
}

/** One `<length> key=value\n` record, whose length counts its own digits. */
function paxRecord(key: string, value: string | Uint8Array): Buffer {
  const body = Buffer.concat([Buffer.from(` ${key}=`), Buffer.from(value), Buffer.from("\n")]);
  let length = body.length + 1;
  while (String(length).length + body.length !== length) length = String(length).length + body.length;
  return Buffer.concat([Buffer.from(String(length)), body]);
}

function extensions(member: TarMember): Record<string, string | Uint8Array> {
  return {
    ...(Buffer.byteLength(member.name) > NAME_BYTES ? { path: member.name } : {}),
    ...(Buffer.byteLength(member.linkName ?? "") > NAME_BYTES ? { linkpath: member.linkName ?? "" } : {}),
    ...member.pax,
  };
}

const padded = (data: Uint8Array): Uint8Array[] => [data, new Uint8Array(padding(data.length))];

function* memberBytes(member: TarMember): Generator<Uint8Array> {
  const records = Object.entries(extensions(member)).map(([key, value]) => paxRecord(key, value));
  if (records.length > 0) {
    const body = Buffer.concat(records);
    yield headerBlock({ type: "file", name: "PaxHeaders/entry" }, "x", body.length);
    yield* padded(body);
  }
  const data = member.data ?? NO_DATA;
  yield headerBlock(member, FLAGS[member.type], data.length);
  yield* padded(data);
}

/** The whole archive in memory: for the small ones that the engine makes itself. */
export function writeTar(members: Iterable<TarMember>): Buffer {
  const parts: Uint8Array[] = [];
  for (const member of members) parts.push(...memberBytes(member));
  return Buffer.concat([...parts, new Uint8Array(2 * BLOCK_BYTES)]);
}
