/** Web pages have no business here: their browsers say where a request comes from (SECURITY-CASES row 19). */
import { forbidden } from "../base/errors.ts";
import type { Request } from "./http/message.ts";

/** Refuses requests of pages; clients that name the engine itself as their origin, as websocket libraries do, are none. */
export function checkOrigin({ headers }: Request): void {
  const origin = headers.get("origin");
  if (origin === undefined) return;
  const authority = origin.replace(/^[a-z]+:\/\//i, "");
  if (authority !== headers.get("host")) throw forbidden(`requests of web pages are refused (Origin: ${origin})`);
}
