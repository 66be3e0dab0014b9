/** Times as `--since` and `--until` take them: how long ago, RFC 3339 in its shorter forms too, or Unix seconds (docker's timestamp rules). */
import { parseDuration } from "./container/values.ts";

const CIVIL = /^(\d{4}-\d\d-\d\d)(?:T(\d\d)(?::(\d\d)(?::(\d\d)(?:\.(\d{1,9}))?)?)?)?(Z|[+-]\d\d:\d\d)?$/;
const UNIX = /^-?\d+(?:\.\d+)?$/;

/** Unix seconds with nine decimals, as the API takes them; "" stays. Throws Error for what is no time. */
export function timeArgument(text: string, nowMs: number): string {
  if (text === "" || UNIX.test(text)) return text;
  const civil = CIVIL.exec(text);
  if (civil !== null) return civilTime(civil, text);
  return ago(text, nowMs);
}

function ago(text: string, nowMs: number): string {
  let ns: number;
  try {
    ns = parseDuration(text);
  } catch (cause) {
    throw new Error(`failed to parse value as time or duration: ${JSON.stringify(text)}`, { cause });
  }
  return secondsOf(BigInt(Math.round(nowMs * 1000)) * 1000n - BigInt(ns));
}

/** Without a zone it is local time. */
function civilTime(
  [, date, hour = "00", minute = "00", second = "00", fraction = "", zone = ""]: RegExpExecArray,
  text: string,
): string {
  const ms = Date.parse(`${date}T${hour}:${minute}:${second}${zone}`);
  if (Number.isNaN(ms)) throw new Error(`failed to parse value as time or duration: ${JSON.stringify(text)}`);
  return `${ms / 1000}.${fraction.padEnd(9, "0")}`;
}

function secondsOf(ns: bigint): string {
  return `${ns / 1_000_000_000n}.${(ns % 1_000_000_000n).toString().padStart(9, "0")}`;
}
