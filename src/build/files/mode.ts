/** The modes of `--chmod`: octal, or symbolic as chmod(1) has them. Pure. */
import type { FileType } from "../../kernel/read-at.ts";

/** The new mode of an entry that has `mode`. */
export type ModeChange = (type: FileType, mode: number) => number;

const SET_ID = 0o6000;
const WHO: Readonly<Record<string, number>> = { u: 0o4700, g: 0o2070, o: 0o1007, a: 0o7777 };

/** `text` was checked when the Dockerfile was read. */
export function parseMode(text: string): ModeChange {
  if (/^[0-7]+$/.test(text)) {
    const mode = Number.parseInt(text, 8);
    return () => mode;
  }
  const changes = text.split(",").map(parseClause);
  return (type, mode) => changes.reduce((before, change) => change(type, before), mode);
}

function parseClause(clause: string): ModeChange {
  const [, who = "", operator = "", what = ""] = /^([ugoa]*)([-+=])(.*)$/.exec(clause) ?? [];
  const reach = who === "" ? 0o7777 : Array.from(who).reduce((bits, letter) => bits | (WHO[letter] ?? 0), 0);
  return (type, mode) => {
    const bits = bitsOf(what, type, mode) & reach;
    if (operator === "+") return mode | bits;
    if (operator === "-") return mode & ~bits;
    // Directories keep set-user-id and set-group-id unless they are named.
    const kept = type === "directory" ? mode & SET_ID & ~bits : 0;
    return (mode & ~reach) | bits | kept;
  };
}

function bitsOf(what: string, type: FileType, mode: number): number {
  let bits = 0;
  for (const letter of what) {
    if (letter === "r") bits |= 0o444;
    else if (letter === "w") bits |= 0o222;
    else if (letter === "x") bits |= 0o111;
    else if (letter === "X") bits |= type === "directory" || (mode & 0o111) !== 0 ? 0o111 : 0;
    else if (letter === "s") bits |= 0o6000;
    else if (letter === "t") bits |= 0o1000;
    else bits |= copied(mode, letter);
  }
  return bits;
}

/** "g=u": what somebody has, for everybody; who gets it is a matter of reach. */
function copied(mode: number, letter: string): number {
  const shift = letter === "u" ? 6 : letter === "g" ? 3 : 0;
  const bits = (mode >> shift) & 0o7;
  return (bits << 6) | (bits << 3) | bits;
}
