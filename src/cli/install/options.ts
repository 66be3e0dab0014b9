/** The flags that install and uninstall share, and what they refuse. */
import { resolve } from "node:path";
import { CommandError } from "../errors.ts";
import { switchFlag, textFlag } from "../flag-kinds.ts";
import type { Io } from "../io.ts";
import type { Target } from "./plan.ts";
import { describe, execute, type Step } from "./steps.ts";

export const TARGET_FLAGS = {
  destdir: textFlag("Write below this directory instead of /, and run nothing (for packages)", { placeholder: "dir" }),
  "dry-run": switchFlag("Only show what would be done"),
  prefix: textFlag("Where programs are installed", { placeholder: "dir", initial: "/usr/local" }),
};

interface TargetValues {
  readonly destdir: string;
  readonly prefix: string;
}

export function targetOf(flags: TargetValues, env: { root: string; run: string; cwd: string }): Target {
  if (!flags.prefix.startsWith("/")) throw new CommandError(`--prefix must be an absolute path: ${flags.prefix}`);
  const destdir = flags.destdir === "" ? "" : resolve(env.cwd, flags.destdir).replace(/\/$/, "");
  return { prefix: flags.prefix.replace(/\/+$/, ""), destdir, root: env.root, run: env.run };
}

/** Shows every step before it is carried out. */
export async function carryOut(steps: readonly Step[], dryRun: boolean, io: Io): Promise<void> {
  for (const step of steps) {
    await io.stdout.write(`${describe(step)}\n`);
    if (!dryRun) execute(step);
  }
}

/** `tare install` and `tare uninstall` write where only root may, unless it is a directory of their own. */
export function requireRoot(target: Target, dryRun: boolean): void {
  if (dryRun || target.destdir !== "" || process.geteuid?.() === 0) return;
  throw new CommandError("this takes root: run it with sudo, or with --dry-run to see what it does");
}
