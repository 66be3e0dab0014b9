/** How a build fails: the message, the lines of the Dockerfile that are to blame, the vertex, and the exit code of its process. */
import { EngineError, type ErrorKind } from "../base/errors.ts";
import { DockerfileError, NotationError } from "../dockerfile/place.ts";
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

/** A process that never ran. */
export class StartFailure extends BuildFailure {
  /** The runtime's, in Docker's words. */
  readonly reason: string;

  constructor(message: string, { reason, ...facts }: FailureFacts & { readonly reason: string }) {
    super(message, facts);
    this.reason = reason;
  }
}

/** A statement of the target or of what stands before it, counted from 1. */
export interface FailedStep {
  readonly number: number;
  readonly count: number;
  readonly text: string;
}

/** How the Dockerfile is written is at fault, before it says anything that could be. */
export function isNotationFault({ cause }: Error): boolean {
  return cause instanceof NotationError || (cause instanceof Error && isNotationFault(cause));
}

/** What FROM or `--from` names cannot be had: it is no reference, or nobody has such an image. The first cause says why. */
export class BaseFailure extends BuildFailure {
  readonly step: FailedStep;

  constructor(message: string, { step, ...facts }: FailureFacts & { readonly step: FailedStep }) {
    super(message, facts);
    this.step = step;
  }
}

/** There is no file of this name to build from. */
export class NoDockerfile extends BuildFailure {
  readonly fileName: string;

  constructor(fileName: string) {
    super(`failed to read dockerfile: open ${fileName}: no such file or directory`, { kind: "invalidParameter" });
    this.fileName = fileName;
  }
}

export class EmptyDockerfile extends BuildFailure {
  readonly fileName: string;

  constructor(fileName: string) {
    super("the Dockerfile cannot be empty", { kind: "invalidParameter" });
    this.fileName = fileName;
  }
}

export type FileText = Pick<SourcePlace, "fileName" | "text">;

/** A fault of the Dockerfile with the text around it; other errors as they are. */
export function failureIn(file: FileText, error: unknown): unknown {
  if (!(error instanceof DockerfileError)) return error;
  const place = error.lines === undefined ? undefined : { ...file, lines: error.lines };
  return new BuildFailure(error.message, { kind: "invalidParameter", place, cause: error });
}
