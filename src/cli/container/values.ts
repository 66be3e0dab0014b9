/** Values of single flags, with the messages of the Go libraries that docker/cli parses them with. */
import { durationProblem, parseDurationNs } from "../../base/duration.ts";
import { parseSize } from "../../base/units.ts";
import { parseInteger } from "../flag-kinds.ts";

/** Bytes of "64m"; go-units RAMInBytes. */
export function parseBytes(text: string): number {
  const bytes = parseSize(text);
  if (bytes !== undefined) return bytes;
  const suffix = /^[\d.]+ ?([a-zA-Z]+)$/.exec(text)?.[1];
  throw new Error(suffix === undefined ? `invalid size: '${text}'` : `invalid suffix: '${suffix}'`);
}

/** Bytes, or -1 for no limit. */
export function parseSwapBytes(text: string): number {
  return text === "-1" ? -1 : parseBytes(text);
}

/** Billionths of a CPU of "1.5" or "1/2". */
export function parseCpus(text: string): number {
  const match = /^([+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)(?:\/(\d+))?$/.exec(text);
  const divisor = Number(match?.[2] ?? 1);
  if (match === null || divisor === 0) throw new Error(`failed to parse ${text} as a rational number`);
  const nanoCpus = (Number(match[1]) * 1e9) / divisor;
  const whole = Math.round(nanoCpus);
  if (Math.abs(nanoCpus - whole) > 1e-6 * Math.max(1, Math.abs(whole) / 1e9)) throw new Error("value is too precise");
  return whole;
}

/** Nanoseconds of "1h2m3.5s"; the messages of Go's time.ParseDuration. */
export function parseDuration(text: string): number {
  const nanoseconds = parseDurationNs(text);
  if (nanoseconds !== undefined) return nanoseconds;
  throw new Error(durationProblem(text));
}

/** An unsigned number that fits in `bits`; Go's strconv.ParseUint. */
export function parseUnsigned(text: string, bits: number): number {
  const quoted = JSON.stringify(text);
  if (!/^\d+$/.test(text)) throw new Error(`strconv.ParseUint: parsing ${quoted}: invalid syntax`);
  const value = Number(text);
  if (value >= 2 ** bits) throw new Error(`strconv.ParseUint: parsing ${quoted}: value out of range`);
  return value;
}

/** "stdin", "stdout" or "stderr", in any case. */
export function parseStreamName(text: string): string {
  const name = text.toLowerCase();
  if (["stdin", "stdout", "stderr"].includes(name)) return name;
  throw new Error("valid streams are STDIN, STDOUT and STDERR");
}

const ULIMITS = new Set([
  "core",
  "cpu",
  "data",
  "fsize",
  "locks",
  "memlock",
  "msgqueue",
  "nice",
  "nofile",
  "nproc",
  "rss",
  "rtprio",
  "rttime",
  "sigpending",
  "stack",
]);

export interface UlimitValue {
  readonly Name: string;
  readonly Soft: number;
  readonly Hard: number;
}

/** "nofile=1024:2048"; go-units ParseUlimit. -1 is unlimited. */
export function parseUlimit(text: string): UlimitValue {
  const equals = text.indexOf("=");
  if (equals < 0) throw new Error(`invalid ulimit argument: ${text}`);
  const name = text.slice(0, equals);
  if (!ULIMITS.has(name)) throw new Error(`invalid ulimit type: ${name}`);
  const limits = text.slice(equals + 1);
  const [soft = "", hard = soft, ...more] = limits.split(":");
  if (more.length > 0) {
    throw new Error(`too many limit value arguments - ${limits}, can only have up to two, \`soft[:hard]\``);
  }
  const value = { Name: name, Soft: parseInteger(soft), Hard: parseInteger(hard) };
  checkUlimit(value);
  return value;
}

function checkUlimit({ Soft, Hard }: UlimitValue): void {
  const problem = "ulimit soft limit must be less than or equal to hard limit";
  if (Hard === -1) return;
  if (Soft === -1) throw new Error(`${problem}: soft: -1 (unlimited), hard: ${Hard}`);
  if (Soft > Hard) throw new Error(`${problem}: ${Soft} > ${Hard}`);
}

/** "key=value" into a map; a key alone has the value "". */
export function toMap(pairs: readonly string[]): Record<string, string> {
  return Object.fromEntries(pairs.map(splitPair));
}

/** Cuts at the first "=". */
export function splitPair(text: string): readonly [key: string, value: string] {
  const equals = text.indexOf("=");
  return equals < 0 ? [text, ""] : [text.slice(0, equals), text.slice(equals + 1)];
}

/** One record of comma-separated values with Go's encoding/csv quoting. */
export function splitCsv(text: string): readonly string[] {
  if (text === "") throw new Error("EOF");
  const fields: string[] = [];
  let at = 0;
  for (;;) {
    const { field, next } = text.charAt(at) === '"' ? quotedField(text, at) : plainField(text, at);
    fields.push(field);
    if (next >= text.length) return fields;
    at = next + 1;
  }
}

function plainField(text: string, at: number): { field: string; next: number } {
  const comma = text.indexOf(",", at);
  const next = comma < 0 ? text.length : comma;
  const field = text.slice(at, next);
  const quote = field.indexOf('"');
  if (quote >= 0) throw new Error(`parse error on line 1, column ${at + quote + 1}: bare " in non-quoted-field`);
  return { field, next };
}

function quotedField(text: string, at: number): { field: string; next: number } {
  const match = /^"((?:[^"]|"")*)"(?=,|$)/.exec(text.slice(at));
  if (match === null)
    throw new Error(`parse error on line 1, column ${text.length + 1}: extraneous or missing " in quoted-field`);
  return { field: (match[1] ?? "").replaceAll('""', '"'), next: at + match[0].length };
}
