/** Tar archives made here: ustar headers, with an extended header where a name does not fit. Same input, same bytes. */
import { encodeHead, TAR_END } from "./encode.ts";
import { type EntryType, padding } from "./entry.ts";

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

const NO_DATA = new Uint8Array(0);

/** With one character a byte, as the encoder wants it. */
const bytesOf = (name: string): string => Buffer.from(name).toString("latin1");

function* memberBytes(member: TarMember): Generator<Uint8Array> {
  const { data = NO_DATA } = member;
  yield encodeHead({
    type: member.type,
    name: bytesOf(member.name),
    linkName: bytesOf(member.linkName ?? ""),
    mode: member.mode ?? 0o644,
    uid: member.uid ?? 0,
    gid: member.gid ?? 0,
    size: data.length,
    mtimeSec: member.mtimeSec ?? 0,
    major: member.major ?? 0,
    minor: member.minor ?? 0,
    pax: member.pax ?? {},
  });
  yield data;
  yield new Uint8Array(padding(data.length));
}

/** The whole archive in memory: for the small ones that the engine makes itself. */
export function writeTar(members: Iterable<TarMember>): Buffer {
  const parts: Uint8Array[] = [];
  for (const member of members) parts.push(...memberBytes(member));
  return Buffer.concat([...parts, TAR_END]);
}
