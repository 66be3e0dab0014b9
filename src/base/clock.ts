/** Wall-clock time in nanoseconds, and its RFC 3339 spelling as Go prints it. */

let originMs = performance.timeOrigin;
let lastNs = 0n;

/**
 * Unix nanoseconds: the wall clock's millisecond, and within it the monotonic clock's fraction. Later calls give later times,
 * unless the wall clock is set back.
 */
export function nowNs(): bigint {
  const wallMs = Date.now();
  const elapsedMs = performance.now();
  const isWithin = originMs + elapsedMs >= wallMs && originMs + elapsedMs < wallMs + 1;
  if (!isWithin) originMs = wallMs - elapsedMs;
  const ns = BigInt(Math.floor((originMs + elapsedMs) * 1000)) * 1000n;
  const isRepeated = ns <= lastNs && lastNs - ns < 1_000_000n;
  lastNs = isRepeated ? lastNs + 1n : ns;
  return lastNs;
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
