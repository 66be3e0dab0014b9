/** What the catalog says of a command and of a group of them. */
import type { Command } from "./command.ts";

export interface Entry {
  readonly summary: string;
  /** Listed first in the help. */
  readonly common?: true;
  /** Reached through a group only, under another name than its key ("image inspect"). */
  readonly grouped?: true;
  /** Not for people: left out of help and completion. */
  readonly hidden?: true;
  /** How many connections to the engine it will want, to be opened while it is loaded and its arguments are read. */
  readonly connections?: number;
  load(): Promise<{ readonly command: Command }>;
}

export interface Group {
  readonly summary: string;
  /** Name within the group -> key in COMMANDS; the first name of a command is the one help lists. */
  readonly members: Readonly<Record<string, string>>;
}
