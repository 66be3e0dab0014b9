/** What goes wrong with a build, in the words of the classic builder (moby's builder/dockerfile). */
import { EngineError, invalidParameter, messageOf, systemError } from "../../../base/errors.ts";
import {
  BaseFailure,
  BuildFailure,
  EmptyDockerfile,
  isNotationFault,
  NoDockerfile,
  StartFailure,
} from "../../../build/failure.ts";

const MISSING_SOURCE = /^"\/(.*)": not found$/;

export function inClassicWords(error: unknown): unknown {
  if (!(error instanceof BuildFailure)) return error;
  const { exitCode, cause, place, message } = error;
  if (error instanceof BaseFailure) return systemError(messageOf(firstCause(error)), { cause });
  if (error instanceof NoDockerfile) {
    return systemError(`Cannot locate specified Dockerfile: ${error.fileName}`, { cause: error });
  }
  if (error instanceof EmptyDockerfile) {
    return invalidParameter(`the Dockerfile (${error.fileName}) cannot be empty`, { cause: error });
  }
  if (isNotationFault(error)) return invalidParameter(`failed to parse Dockerfile: ${message}`, { cause: error });
  const first = firstCause(error);
  if (first instanceof StartFailure) return systemError(first.reason, { cause: error });
  if (exitCode !== undefined) return failedCommand(error, exitCode);
  const [, path] = MISSING_SOURCE.exec(messageOf(first)) ?? [];
  if (path === undefined || place === undefined) return error;
  const statement = place.text
    .split("\n")
    .slice(place.lines.first - 1, place.lines.last)
    .join("\n");
  return systemError(missingSource(statement, path), { cause: error });
}

const firstCause = (error: Error): Error => (error.cause instanceof EngineError ? firstCause(error.cause) : error);

/** A process that failed was always told by its command and its code. */
function failedCommand({ message }: BuildFailure, exitCode: number): BuildFailure {
  const [, command = '""'] = /^process ("(?:[^"\\]|\\.)*")/.exec(message) ?? [];
  const shown = String(JSON.parse(command));
  return new BuildFailure(`The command '${shown}' returned a non-zero code: ${exitCode}`, { exitCode });
}

function missingSource(statement: string, path: string): string {
  const [keyword = ""] = /\w+/.exec(statement) ?? [];
  const where = /\s--from=/i.test(statement) ? "" : "file not found in build context or excluded by .dockerignore: ";
  return `${keyword.toUpperCase()} failed: ${where}stat ${path}: file does not exist`;
}
