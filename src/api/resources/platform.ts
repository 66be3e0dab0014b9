/** The platform that a request is for: one OCI platform as JSON in its query. */
import { invalidParameter } from "../../base/errors.ts";
import { decodePlatform, type Platform } from "../../wire/platform.ts";
import type { Query } from "../../wire/query.ts";

/** Undefined when none is asked for. Throws invalidParameter, also for several. */
export function platformOf(query: Query, name = "platform"): Platform | undefined {
  const [first, ...others] = query.all(name);
  if (others.length > 0) throw invalidParameter("multiple platform parameters not supported");
  return first === undefined || first === "" ? undefined : decodePlatform(first);
}
