/**
 * The modes of `--chmod`: octal, or symbolic as BSD's setmode(3) has them, which is what BuildKit goes by: "=" clears set-ids of
 * directories too and leaves the sticky bit, "X" asks what the mode was before any change. Pure.
 */
import type { FileType } from "../../kernel/read-at.ts";

/** The new mode of an entry that has `mode`. */
export type ModeChange = (type: FileType, mode: number) => number;

const READ = 0o444;
const WRITE = 0o222;
const EXECUTE = 0o111;
const PERMISSIONS = 0o777;
const SET_IDS = 0o6000;
const STICKY = 0o1000;
/** What a letter reaches: its permissions and its set-id. */
const WHO: Readonly<Record<string, number>> = { u: 0o4700, g: 0o2070, o: 0o0007, a: 0o6777 };

export const isOctalMode = (text: string): boolean => /^[0-7]+$/.test(text);

/** `text` was checked when the Dockerfile was read. */
export function parseMode(text: string): ModeChange {
  if (isOctalMode(text)) {
    const mode = Number.parseInt(text, 8);
    return () => mode;
  }
  const clauses = text.split(",").map(parseClause);
  return (type, before) => clauses.reduce((mode, change) => change(mode, { type, before }), before);
}

interface Entry {
  readonly type: FileType;
  readonly before: number;
}

function parseClause(clause: string): (mode: number, entry: Entry) => number {
  const [, who = "", operator = "", what = ""] = /^([ugoa]*)([-+=])(.*)$/.exec(clause) ?? [];
  const reach = who === "" ? SET_IDS | PERMISSIONS : Array.from(who).reduce((bits, each) => bits | (WHO[each] ?? 0), 0);
  if (/^[ugo]$/.test(what))
    return (mode) => changed(mode, operator, { bits: copied(mode, what), reach: reach & PERMISSIONS });
  // Others have neither set-ids nor a sticky bit.
  const special = who === "" || /[^o]/.test(who) ? specialBits(what) : 0;
  const plain = permissionBits(what);
  return (mode, entry) => {
    const bits = plain | special | (what.includes("X") ? searchBits(entry) : 0);
    return changed(mode, operator, { bits, reach: reach | (special & STICKY) });
  };
}

function changed(mode: number, operator: string, { bits, reach }: { bits: number; reach: number }): number {
  if (operator === "-") return mode & ~(bits & reach);
  const kept = operator === "=" ? mode & ~reach : mode;
  return kept | (bits & reach);
}

const permissionBits = (what: string): number =>
  (what.includes("r") ? READ : 0) | (what.includes("w") ? WRITE : 0) | (what.includes("x") ? EXECUTE : 0);

const specialBits = (what: string): number => (what.includes("s") ? SET_IDS : 0) | (what.includes("t") ? STICKY : 0);

const searchBits = ({ type, before }: Entry): number =>
  type === "directory" || (before & EXECUTE) !== 0 ? EXECUTE : 0;

/** "g=u": what somebody has, for everybody; who gets it is a matter of reach. */
function copied(mode: number, letter: string): number {
  const shift = letter === "u" ? 6 : letter === "g" ? 3 : 0;
  const bits = (mode >> shift) & 0o7;
  return (bits << 6) | (bits << 3) | bits;
}
