/** Wall-clock time in nanoseconds, and its RFC 3339 spelling as Go prints it. */

const DRIFT_MS = 20;
let originMs = performance.timeOrigin;

/** Unix nanoseconds with the monotonic clock's resolution, following the wall clock when it is set. */
export function nowNs(): bigint {
  const wallMs = Date.now();
  if (Math.abs(originMs + performance.now() - wallMs) > DRIFT_MS) originMs = wallMs - performance.now();
  return BigInt(Math.round((originMs + performance.now()) * 1000)) * 1000n;
}

/** "2026-01-02T03:04:05.123456789Z", trailing zeros of the fraction dropped (Go's RFC3339Nano). */
export function toRfc3339(ns: bigint): string {
  const seconds = new Date(Number(ns / 1_000_000n)).toISOString().slice(0, 19);
  const fraction = (ns % 1_000_000_000n).toString().padStart(9, "0").replace(/0+$/, "");
  return fraction === "" ? `${seconds}Z` : `${seconds}.${fraction}Z`;
}

export function nowRfc3339(): string {
  return toRfc3339(nowNs());
}

/** Unix milliseconds of an RFC 3339 time; nanoseconds are cut. */
export function toUnixMs(rfc3339: string): number {
  return Date.parse(rfc3339.replace(/(\.\d{3})\d+/, "$1"));
}
