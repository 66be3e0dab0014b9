/** What ends a command early: the text for people and the exit code. Everything printed here has lost its control characters. */
import { messageOf } from "../base/errors.ts";
import { neutralise } from "./neutralise.ts";

/** Ends the command with `exitCode`; `message` "" prints nothing more. */
export class CommandError extends Error {
  override readonly name = "CommandError";
  readonly exitCode: number;

  constructor(message: string, exitCode = 1, options?: ErrorOptions) {
    super(message, options);
    this.exitCode = exitCode;
  }
}

/** A wrong flag: printed with the usage line, exit code 125. */
export class UsageError extends CommandError {
  constructor(message: string, options?: ErrorOptions) {
    super(message, 125, options);
  }
}

/** A wrong number of arguments: printed with the usage line, exit code 1. */
export class ArgCountError extends CommandError {
  /** How the hint begins; docker/cli says "See" for some counts and "Run" for others. */
  readonly hint: "See" | "Run";

  constructor(message: string, hint: "See" | "Run") {
    super(message);
    this.hint = hint;
  }
}

/** The line for an error of any kind; what the engine refused is introduced as such (docker/cli does so too). */
export function errorText(error: unknown): string {
  const fromEngine = error instanceof Error && error.name === "ClientError";
  return neutralise(fromEngine ? `Error response from daemon: ${error.message.trim()}` : messageOf(error));
}
