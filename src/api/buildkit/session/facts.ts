/** What a client says of its session, in headers of HTTP or metadata of a call. */
import { invalidParameter } from "../../../base/errors.ts";
import type { SessionFacts } from "./session.ts";

/** All values of a header, by its name in lower case. */
export type HeaderSource = (name: string) => readonly string[];

export function sessionFacts(header: HeaderSource): SessionFacts {
  const [id = ""] = header("x-docker-expose-session-uuid");
  if (id === "") throw invalidParameter("the session's id is missing");
  const [sharedKey = ""] = header("x-docker-expose-session-sharedkey");
  return { id, sharedKey, methods: header("x-docker-expose-session-grpc-method") };
}
