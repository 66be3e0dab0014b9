/** What a client throws when the engine refuses. */

export class ClientError extends Error {
  override readonly name = "ClientError";
  /** HTTP status, 4xx or 5xx. */
  readonly status: number;

  /** `message` is the engine's own. */
  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

/** True for the engine's refusal with this status: `isStatus(error, 404)`. */
export function isStatus(error: unknown, status: number): boolean {
  return error instanceof ClientError && error.status === status;
}
