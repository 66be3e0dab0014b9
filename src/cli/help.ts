/** Help texts in Docker's layout, generated from the catalog and the flag tables. */
import { COMMANDS, GROUPS } from "./catalog.ts";
import type { Entry, Group } from "./catalog-entry.ts";
import type { Command } from "./command.ts";
import type { Flag, FlagTable } from "./flags.ts";
import { GLOBAL_FLAGS } from "./global-flags.ts";

/** A terminal of 80 columns, the last one left free. */
const WIDTH = 79;

/** `tare --help`. */
export function programHelp(program: string): string {
  const entries = Object.entries(COMMANDS).filter(([, entry]) => !entry.grouped && !entry.hidden);
  const common = entries.filter(([, entry]) => entry.common);
  const others = entries.filter(([, entry]) => !entry.common).sort(byName);
  return [
    `Usage:  ${program} [OPTIONS] COMMAND\n`,
    "A container engine that weighs next to nothing\n",
    `Common Commands:\n${summaries(common)}\n`,
    `Management Commands:\n${summaries(Object.entries(GROUPS).sort(byName))}\n`,
    `Commands:\n${summaries(others)}\n`,
    `Global Options:\n${flagLines(GLOBAL_FLAGS)}\n`,
    `Run '${program} COMMAND --help' for more information on a command.\n`,
  ].join("\n");
}

/** `tare container --help`. */
export function groupHelp(path: string, group: Group): string {
  const listed = new Map<string, string>();
  for (const [name, key] of Object.entries(group.members)) {
    if (!COMMANDS[key]?.hidden && ![...listed.values()].includes(key)) listed.set(name, key);
  }
  const rows = [...listed].map(([name, key]) => [name, { summary: COMMANDS[key]?.summary ?? "" }] as const);
  return [
    `Usage:  ${path} COMMAND\n`,
    `${group.summary}\n`,
    `Commands:\n${summaries(rows.sort(byName))}\n`,
    `Run '${path} COMMAND --help' for more information on a command.\n`,
  ].join("\n");
}

export interface CommandPlace {
  readonly program: string;
  /** As invoked. */
  readonly path: string;
  /** In COMMANDS. */
  readonly key: string;
  readonly entry: Entry;
  readonly command: Command;
}

/** `tare run --help`. */
export function commandHelp({ program, path, key, entry, command }: CommandPlace): string {
  const names = spellings(program, key);
  return [
    `Usage:  ${`${path} ${command.usage}`.trimEnd()}\n`,
    `${entry.summary}\n`,
    ...(names.length > 1 ? [`Aliases:\n  ${names.join(", ")}\n`] : []),
    ...(Object.keys(command.flags).length > 0 ? [`Options:\n${flagLines(command.flags)}\n`] : []),
  ].join("\n");
}

/** Every way to write a command, groups first: "tare container ls", "tare ps". */
function spellings(program: string, key: string): string[] {
  const grouped = Object.entries(GROUPS).flatMap(([group, { members }]) =>
    Object.entries(members)
      .filter(([, member]) => member === key)
      .map(([name]) => `${program} ${group} ${name}`),
  );
  return COMMANDS[key]?.grouped ? grouped : [...grouped, `${program} ${key}`];
}

type Row = readonly [name: string, about: { readonly summary: string }];

const byName = ([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number => (a < b ? -1 : 1);

function summaries(rows: readonly Row[]): string {
  const width = Math.max(9, ...rows.map(([name]) => name.length));
  return rows.map(([name, { summary }]) => `  ${name.padEnd(width)}   ${summary}`).join("\n");
}

/** One line a flag, wrapped under its description. */
function flagLines(flags: FlagTable): string {
  const shown = Object.entries(flags)
    .filter(([, flag]) => !flag.hidden)
    .sort(byName)
    .map(([name, flag]) => ({ left: flagSpelling(name, flag), text: flagText(flag) }));
  const width = Math.max(...shown.map(({ left }) => left.length)) + 3;
  return shown.map(({ left, text }) => left.padEnd(width) + wrap(text, width)).join("\n");
}

function flagSpelling(name: string, flag: Flag<unknown>): string {
  const short = flag.short === undefined ? "    " : `-${flag.short}, `;
  return `  ${short}--${name}${flag.placeholder === "" ? "" : ` ${flag.placeholder}`}`;
}

function flagText(flag: Flag<unknown>): string {
  return flag.shownDefault === undefined ? flag.help : `${flag.help} (default ${flag.shownDefault})`;
}

/** Breaks at spaces; every line after the first is indented by `indent`. */
function wrap(text: string, indent: number): string {
  const room = Math.max(24, WIDTH - indent);
  const lines: string[] = [];
  for (const paragraph of text.split("\n")) {
    let line = "";
    for (const word of paragraph.split(" ")) {
      if (line !== "" && line.length + 1 + word.length > room) {
        lines.push(line);
        line = word;
      } else {
        line = line === "" ? word : `${line} ${word}`;
      }
    }
    lines.push(line);
  }
  return lines.join(`\n${" ".repeat(indent)}`);
}
