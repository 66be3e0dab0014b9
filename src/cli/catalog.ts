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

export const COMMANDS: Readonly<Record<string, Entry>> = {
  run: {
    summary: "Create and run a new container from an image",
    common: true,
    load: () => import("./commands/run.ts"),
  },
  exec: {
    summary: "Execute a command in a running container",
    common: true,
    load: () => import("./commands/exec.ts"),
  },
  attach: {
    summary: "Attach local standard input, output, and error streams to a running container",
    load: () => import("./commands/attach.ts"),
  },
  create: { summary: "Create a new container", load: () => import("./commands/create.ts") },
  start: { summary: "Start one or more stopped containers", load: () => import("./commands/start.ts") },
};

export const GROUPS: Readonly<Record<string, Group>> = {
  container: {
    summary: "Manage containers",
    members: { attach: "attach", create: "create", exec: "exec", run: "run", start: "start" },
  },
  image: { summary: "Manage images", members: {} },
  system: { summary: "Manage the engine", members: {} },
};
