/** Typed domain errors. The rooms below the edge throw kinds; only `api/` knows HTTP statuses, only `cli/` knows exit codes. */

export type ErrorKind =
  | "notFound"
  | "conflict"
  | "invalidParameter"
  | "notModified"
  | "unauthorized"
  | "forbidden"
  | "tooManyRequests"
  | "notImplemented"
  | "unavailable"
  | "system";

export class EngineError extends Error {
  readonly kind: ErrorKind;

  constructor(kind: ErrorKind, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "EngineError";
    this.kind = kind;
  }
}

export const notFound = (message: string, options?: ErrorOptions): EngineError =>
  new EngineError("notFound", message, options);
export const conflict = (message: string, options?: ErrorOptions): EngineError =>
  new EngineError("conflict", message, options);
export const invalidParameter = (message: string, options?: ErrorOptions): EngineError =>
  new EngineError("invalidParameter", message, options);
export const notModified = (message: string): EngineError => new EngineError("notModified", message);
export const forbidden = (message: string, options?: ErrorOptions): EngineError =>
  new EngineError("forbidden", message, options);
export const notImplemented = (message: string): EngineError => new EngineError("notImplemented", message);
export const unavailable = (message: string, options?: ErrorOptions): EngineError =>
  new EngineError("unavailable", message, options);
export const systemError = (message: string, options?: ErrorOptions): EngineError =>
  new EngineError("system", message, options);

/** The error that caused a failed block, even when its clean-up failed as well (see SuppressedError). */
export function rootError(error: unknown): unknown {
  return error instanceof SuppressedError ? rootError(error.suppressed) : error;
}

export function messageOf(error: unknown): string {
  const root = rootError(error);
  return root instanceof Error ? root.message : String(root);
}

/** True for a Node-style error with this code, such as "ENOENT". */
export function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && "code" in error && error.code === code;
}
