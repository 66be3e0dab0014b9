/** What may stand at the end of a command line: commands, flags, names; from the same tables that parse it. */
import { COMMANDS, GROUPS } from "../catalog.ts";
import type { Entry } from "../catalog-entry.ts";
import type { FlagTable } from "../flags.ts";
import { GLOBAL_FLAGS } from "../global-flags.ts";

export interface Candidate {
  readonly word: string;
  readonly about: string;
}

/** The names for the argument after `given` of the command with this key in the catalog. */
export type NameSource = (key: string, given: readonly string[]) => Promise<readonly string[]>;

/** `words` is the line without the program; the last one is being written. None means that a file name is wanted. */
export async function candidates(words: readonly string[], names: NameSource): Promise<Candidate[]> {
  const last = words.at(-1) ?? "";
  const globals = walk(GLOBAL_FLAGS, words.slice(0, -1), false);
  if (globals.valueFor !== undefined) return [];
  const [first, ...afterFirst] = globals.args;
  if (first === undefined)
    return last.startsWith("-") ? flagCandidates(GLOBAL_FLAGS, last) : matching(programWords(), last);
  const group = Object.hasOwn(GROUPS, first) ? GROUPS[first] : undefined;
  if (group === undefined) return commandCandidates(first, afterFirst, last, names);
  const [second, ...afterSecond] = afterFirst;
  if (second === undefined) return matching(summaries(Object.entries(group.members)), last);
  return commandCandidates(group.members[second] ?? "", afterSecond, last, names);
}

async function commandCandidates(
  key: string,
  before: readonly string[],
  last: string,
  names: NameSource,
): Promise<Candidate[]> {
  const entry = Object.hasOwn(COMMANDS, key) ? COMMANDS[key] : undefined;
  if (entry === undefined) return [];
  const { command } = await entry.load();
  const { valueFor, args } = walk(command.flags, before, true);
  if (valueFor !== undefined) return [];
  if (last.startsWith("-")) return flagCandidates(command.flags, last);
  return matching(
    (await names(key, args)).map((word) => ({ word, about: "" })),
    last,
  );
}

const matching = (all: readonly Candidate[], start: string): Candidate[] =>
  all.filter(({ word }) => word.startsWith(start));

function programWords(): Candidate[] {
  const isShown = ([, entry]: readonly [string, Entry]): boolean => !entry.grouped && !entry.hidden;
  const commands = Object.entries(COMMANDS).filter(isShown);
  const groups = Object.entries(GROUPS).map(([word, { summary }]) => ({ word, about: summary }));
  return [...commands.map(([word, { summary }]) => ({ word, about: summary })), ...groups];
}

const summaries = (members: readonly (readonly [string, string])[]): Candidate[] =>
  members
    .filter(([, key]) => !COMMANDS[key]?.hidden)
    .map(([word, key]) => ({ word, about: COMMANDS[key]?.summary ?? "" }));

function flagCandidates(flags: FlagTable, start: string): Candidate[] {
  const shown = Object.entries(flags).filter(([, flag]) => !flag.hidden);
  const words = shown.flatMap(([name, { short, help }]) => {
    const about = help.split("\n")[0] ?? "";
    const long = { word: `--${name}`, about };
    return short === undefined ? [long] : [long, { word: `-${short}`, about }];
  });
  return matching(words, start);
}

interface Walked {
  /** The flag whose value comes next. */
  readonly valueFor: string | undefined;
  readonly args: readonly string[];
}

/** Parts flags from arguments, forgiving: the line is unfinished. */
function walk(flags: FlagTable, words: readonly string[], interspersed: boolean): Walked {
  const args: string[] = [];
  let valueFor: string | undefined;
  for (const [at, word] of words.entries()) {
    if (valueFor !== undefined) {
      valueFor = undefined;
    } else if (!word.startsWith("-") || word === "-") {
      if (!interspersed) return { valueFor, args: words.slice(at) };
      args.push(word);
    } else {
      valueFor = wantsValue(flags, word) ? word : undefined;
    }
  }
  return { valueFor, args };
}

function wantsValue(flags: FlagTable, word: string): boolean {
  if (word.includes("=")) return false;
  const flag = word.startsWith("--")
    ? flags[word.slice(2)]
    : Object.values(flags).find(({ short }) => short === word.at(-1));
  return flag !== undefined && flag.bare === undefined;
}
