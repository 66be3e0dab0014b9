/** Times in cells: how long ago, and the date with its zone. */
import { humanDuration } from "../../base/human-time.ts";

export const agoText = (unixSeconds: number, nowMs: number): string =>
  `${humanDuration(nowMs - unixSeconds * 1000)} ago`;

/** "2026-11-22 15:09:37 +0000 UTC", local time, as Go prints a time; a zone without a known name is shown by its offset. */
export function dateText(unixSeconds: number): string {
  const offsetMinutes = -new Date(unixSeconds * 1000).getTimezoneOffset();
  const local = new Date((unixSeconds + offsetMinutes * 60) * 1000).toISOString();
  const offset = offsetText(offsetMinutes, "");
  return `${local.slice(0, 10)} ${local.slice(11, 19)} ${offset} ${offsetMinutes === 0 ? "UTC" : offset}`;
}

/** The local zone in RFC 3339: "Z" or "+01:00". */
export function zoneText(unixMs: number): string {
  const offsetMinutes = -new Date(unixMs).getTimezoneOffset();
  return offsetMinutes === 0 ? "Z" : offsetText(offsetMinutes, ":");
}

function offsetText(minutes: number, separator: string): string {
  const size = Math.abs(minutes);
  const two = (value: number): string => String(value).padStart(2, "0");
  return `${minutes < 0 ? "-" : "+"}${two(Math.trunc(size / 60))}${separator}${two(size % 60)}`;
}

/** An instant of RFC 3339 in UTC as Go prints a time: "2026-11-22 15:09:37.5 +0000 UTC". */
export function instantText(rfc3339: string): string {
  return rfc3339.replace("T", " ").replace(/Z$/, " +0000 UTC");
}
