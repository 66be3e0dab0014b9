/** How a build fails: the message, the lines of the Dockerfile that are to blame, the vertex, and the exit code of its process. */
import { EngineError, type ErrorKind } from "../base/errors.ts";
import { DockerfileError } from "../dockerfile/place.ts";
import type { Digest, SourcePlace } from "./operation.ts";

export interface FailureFacts {
  readonly kind?: ErrorKind;
  readonly place?: SourcePlace | undefined;
  readonly vertex?: Digest;
  /** Of the process that a RUN was. */
  readonly exitCode?: number;
  readonly cause?: unknown;
}

export class BuildFailure extends EngineError {
  readonly place: SourcePlace | undefined;
  readonly vertex: Digest | undefined;
  readonly exitCode: number | undefined;

  constructor(message: string, { kind = "system", place, vertex, exitCode, cause }: FailureFacts) {
    super(kind, message, { cause });
    this.place = place;
    this.vertex = vertex;
    this.exitCode = exitCode;
  }
}

export type FileText = Pick<SourcePlace, "fileName" | "text">;

/** A fault of the Dockerfile with the text around it; other errors as they are. */
export function failureIn(file: FileText, error: unknown): unknown {
  if (!(error instanceof DockerfileError)) return error;
  const place = error.lines === undefined ? undefined : { ...file, lines: error.lines };
  return new BuildFailure(error.message, { kind: "invalidParameter", place, cause: error });
}
