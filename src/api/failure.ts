/** The one place where errors become HTTP statuses (moby daemon/server/httpstatus/status.go). */
import { EngineError, type ErrorKind, messageOf, rootError } from "../base/errors.ts";
import type { Logger } from "../base/log.ts";
import { BuildFailure } from "../build/failure.ts";
import { HttpError } from "../wire/http1.ts";
import { type Answer, empty, json } from "./answer.ts";
import type { Request } from "./http/message.ts";

const STATUS: Readonly<Record<ErrorKind, number>> = {
  notFound: 404,
  conflict: 409,
  invalidParameter: 400,
  notModified: 304,
  unauthorized: 401,
  forbidden: 403,
  tooManyRequests: 429,
  notImplemented: 501,
  unavailable: 503,
  system: 500,
};

export function statusOf(error: unknown): number {
  const root = rootError(error);
  if (root instanceof EngineError) return STATUS[root.kind];
  return root instanceof HttpError ? 400 : 500;
}

/** What the client is told. Failures of the engine itself are logged here, and nowhere else. */
export function toFailure(error: unknown, request: Request, log: Logger): Answer {
  const status = statusOf(error);
  if (status === 500) logFailure(error, request, log);
  return status === 304 ? empty(304) : json(status, { message: messageOf(error) });
}

/** A handler that ends because its client has gone is no failure. */
function logFailure(error: unknown, { method, path, signal }: Request, log: Logger): void {
  if (signal.aborted) return;
  const root = rootError(error);
  const stack = root instanceof Error ? root.stack : undefined;
  log.error("request.failed", { method, path, error: messageOf(error), stack });
}

/** The last line of a JSON stream that fails once its head is sent. A process's exit code stands beside its message. */
export function toErrorLine(error: unknown): { errorDetail: { code?: number; message: string }; error: string } {
  const message = messageOf(error);
  const root = rootError(error);
  const code = root instanceof BuildFailure && root.exitCode !== undefined ? { code: root.exitCode } : {};
  return { errorDetail: { ...code, message }, error: message };
}
