/**
 * Every command by name, loaded only when it is invoked. A new command is one file in commands/ that exports `command`, one row here,
 * and its places in the groups.
 */
import type { Command } from "./command.ts";

export interface Entry {
  readonly summary: string;
  /** Listed first in the help. */
  readonly common?: true;
  /** Reached through a group only, under another name than its key ("image inspect"). */
  readonly grouped?: true;
  load(): Promise<{ readonly command: Command }>;
}

export interface Group {
  readonly summary: string;
  /** Name within the group -> key in COMMANDS; the first name of a command is the one help lists. */
  readonly members: Readonly<Record<string, string>>;
}

export const COMMANDS: Readonly<Record<string, Entry>> = {};

export const GROUPS: Readonly<Record<string, Group>> = {
  container: { summary: "Manage containers", members: {} },
  image: { summary: "Manage images", members: {} },
  system: { summary: "Manage the engine", members: {} },
};
