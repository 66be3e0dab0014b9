/** Where something stands in a Dockerfile, and the error that says so. */
import { EngineError } from "../base/errors.ts";

/** Lines are counted from 1; both ends are included. */
export interface Lines {
  readonly first: number;
  readonly last: number;
}

/** A fault of the Dockerfile. Clients show the lines around it. */
export class DockerfileError extends EngineError {
  readonly lines: Lines | undefined;

  constructor(message: string, lines?: Lines, options?: ErrorOptions) {
    super("invalidParameter", message, options);
    this.lines = lines;
  }
}

/** How something is written is at fault, before it can be taken for any instruction. */
export class NotationError extends DockerfileError {}

type Say = (error: DockerfileError) => string;

/** Runs `step`; a DockerfileError without a place gets this one, and `say` may reword its message. */
export function placed<T>(lines: Lines, step: () => T, say: Say = ({ message }) => message): T {
  try {
    return step();
  } catch (error) {
    if (!(error instanceof DockerfileError) || error.lines !== undefined) throw error;
    throw new DockerfileError(say(error), lines, { cause: error });
  }
}
