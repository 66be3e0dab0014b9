/** Points in time as clients write them in `until` and `since`. */
import { toUnixMs } from "./clock.ts";
import { parseDurationNs } from "./duration.ts";

const UNIX_TIME = /^\d{1,12}(\.\d{1,9})?$/;

/** Unix milliseconds of Unix seconds, an RFC 3339 time or a date, or of a duration before now; undefined for anything else. */
export function parseInstantMs(text: string): number | undefined {
  if (UNIX_TIME.test(text)) return Number(text) * 1000;
  const ago = parseDurationNs(text);
  if (ago !== undefined) return Date.now() - ago / 1e6;
  const ms = toUnixMs(text);
  return Number.isNaN(ms) ? undefined : ms;
}
