/** Here-documents of RUN, COPY and ADD: `<<NAME`, `<<-NAME` without leading tabs, quoted names for text that is not expanded. Pure. */
import { type Expansion, expand } from "./expand.ts";
import { DockerfileError } from "./place.ts";

export interface Heredoc {
  readonly name: string;
  /** The lines up to the name, each with its line end. */
  readonly content: string;
  /** Variables in it are expanded: its name was not quoted. */
  readonly expand: boolean;
  /** Leading tabs are no part of it. */
  readonly chomp: boolean;
  readonly descriptor: number;
}

export type HeredocMark = Omit<Heredoc, "content">;

const MARK = /^(\d*)<<(-?)([^<]*)$/;
const NONE: ReadonlyMap<string, string> = new Map();

/** What a word says when it opens a here-document. */
export function parseHeredocMark(word: string): HeredocMark | undefined {
  const [, descriptor = "", dash = "", name = ""] = MARK.exec(word) ?? [];
  if (name === "") return undefined;
  const raw = wordsOf(name, true);
  const [plain] = wordsOf(name, false)?.words ?? [];
  if (raw?.words.length !== 1 || plain === undefined) return undefined;
  return { name: plain, expand: raw.words[0] === plain, chomp: dash === "-", descriptor: Number(descriptor || 0) };
}

/** The here-documents that a line opens, in order. */
export function heredocMarks(line: string): HeredocMark[] {
  return (wordsOf(line, true)?.words ?? []).flatMap((word) => parseHeredocMark(word) ?? []);
}

export function withoutLeadingTabs(text: string): string {
  return text.replace(/^\t+/gm, "");
}

/** Undefined for quotes that do not match: such a line holds no here-document. */
function wordsOf(text: string, raw: boolean): Expansion | undefined {
  try {
    return expand(text, NONE, { escape: "\\", rawQuotes: raw, rawEscapes: raw, keepUnset: true });
  } catch (error) {
    if (error instanceof DockerfileError) return undefined;
    throw error;
  }
}
