/** Durations as Go writes them, such as "1h30m", "500ms" or "-2s". */

const UNIT_NS: Readonly<Record<string, number>> = { ns: 1, us: 1e3, µs: 1e3, ms: 1e6, s: 1e9, m: 60e9, h: 3600e9 };
const PART = /(\d+(?:\.\d*)?|\.\d+)(ns|us|µs|ms|s|m|h)/g;
const WHOLE = new RegExp(`^[-+]?(?:${PART.source})+$`);

/** Of a signed 64-bit number. */
const MAX_NS = 2 ** 63;

/** Nanoseconds; undefined for what is no duration, and for more than 292 years. "0" needs no unit. */
export function parseDurationNs(text: string): number | undefined {
  if (text === "0") return 0;
  if (!WHOLE.test(text)) return undefined;
  let total = 0;
  for (const [, number, unit = ""] of text.matchAll(PART)) total += Number(number) * (UNIT_NS[unit] ?? 0);
  if (total > MAX_NS) return undefined;
  return Math.round(text.startsWith("-") ? -total : total);
}

/** What Go says of a text that is no duration. */
export function durationProblem(text: string): string {
  const problem = /^[+-]?(?:\d+\.?\d*|\.\d+)$/.test(text) ? "missing unit in" : "invalid";
  return `time: ${problem} duration ${JSON.stringify(text)}`;
}

/** "100ms", "30s", "1m30s": as Go prints a whole number of milliseconds. */
export function formatDurationMs(ms: number): string {
  if (ms < 1000) return ms === 0 ? "0s" : `${ms}ms`;
  const minutes = Math.floor(ms / 60_000);
  const seconds = `${(ms % 60_000) / 1000}s`;
  if (minutes === 0) return seconds;
  const hours = Math.floor(minutes / 60);
  return hours === 0 ? `${minutes}m${seconds}` : `${hours}h${minutes % 60}m${seconds}`;
}
