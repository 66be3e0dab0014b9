/** Steps of an installation as data: shown by `--dry-run`, carried out by `execute`. */
import { chmodSync, copyFileSync, mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { CommandError } from "../errors.ts";

export type Step =
  | { readonly kind: "copy"; readonly from: string; readonly to: string; readonly mode: number }
  | { readonly kind: "write"; readonly to: string; readonly text: string; readonly mode: number }
  /** What the command prints becomes the file. */
  | { readonly kind: "capture"; readonly argv: readonly string[]; readonly to: string }
  | {
      readonly kind: "run";
      readonly argv: readonly string[] /** A failure is no reason to stop. */;
      readonly mayFail?: true;
    }
  /** With everything below it; absent is fine. */
  | { readonly kind: "remove"; readonly path: string };

/** As a person would write it in a shell, more or less. */
export function describe(step: Step): string {
  switch (step.kind) {
    case "copy":
      return `copy ${step.from} to ${step.to}`;
    case "write":
      return `write ${step.to}`;
    case "capture":
      return `${step.argv.join(" ")} > ${step.to}`;
    case "run":
      return step.argv.join(" ");
    case "remove":
      return `remove ${step.path}`;
  }
}

/** Throws CommandError with the step that failed and why. */
export function execute(step: Step): void {
  try {
    carryOut(step);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new CommandError(`${describe(step)}: ${reason}`, 1, { cause });
  }
}

function carryOut(step: Step): void {
  switch (step.kind) {
    case "copy":
      return place(step.to, step.mode, (temporary) => copyFileSync(step.from, temporary));
    case "write":
      return place(step.to, step.mode, (temporary) => writeFileSync(temporary, step.text));
    case "capture": {
      const text = outputOf(step.argv);
      return place(step.to, 0o644, (temporary) => writeFileSync(temporary, text));
    }
    case "run":
      if (step.mayFail === true) Bun.spawnSync([...step.argv]);
      else outputOf(step.argv);
      return;
    case "remove":
      return rmSync(step.path, { recursive: true, force: true });
  }
}

/** By rename, since the binary that is replaced may be running. */
function place(path: string, mode: number, fill: (temporary: string) => void): void {
  mkdirSync(dirname(path), { recursive: true });
  const temporary = `${path}.new`;
  fill(temporary);
  chmodSync(temporary, mode);
  renameSync(temporary, path);
}

function outputOf(argv: readonly string[]): string {
  const { exitCode, stdout, stderr } = Bun.spawnSync([...argv]);
  if (exitCode !== 0) throw new Error(stderr.toString().trim() || `exit code ${exitCode}`);
  return stdout.toString();
}
