/**
 * Query parameters with Docker's rules (moby daemon/server/httputils/form.go). Bad values are told in Go's words; as moby gives no kind to
 * the errors of Go's own parsers, they are system errors, but for those of sizes.
 */
import { invalidParameter, systemError } from "../base/errors.ts";

const FALSE_WORDS = new Set(["", "0", "no", "false", "none"]);
const INTEGER = /^[+-]?\d+$/;

export class Query {
  readonly #search: string;
  #parsed: URLSearchParams | undefined;

  /** `search` is what stands behind the question mark. */
  constructor(search: string) {
    this.#search = search;
  }

  get #params(): URLSearchParams {
    this.#parsed ??= new URLSearchParams(this.#search);
    return this.#parsed;
  }

  /** "" when absent, as Go's form values. */
  text(name: string): string {
    return this.#params.get(name) ?? "";
  }

  /** Every value of a repeated parameter. */
  all(name: string): readonly string[] {
    return this.#params.getAll(name);
  }

  /** Everything but "", 0, no, false and none is true. */
  bool(name: string, absent = false): boolean {
    const value = this.#params.get(name);
    return value === null ? absent : !FALSE_WORDS.has(value.trim().toLowerCase());
  }

  /** Undefined when absent or empty. */
  int(name: string): number | undefined {
    const text = this.text(name);
    if (text === "") return undefined;
    if (!INTEGER.test(text)) throw systemError(`strconv.Atoi: parsing ${JSON.stringify(text)}: invalid syntax`);
    const value = Number(text);
    if (!Number.isSafeInteger(value)) {
      throw systemError(`strconv.Atoi: parsing ${JSON.stringify(text)}: value out of range`);
    }
    return value;
  }

  /** What is no number is as absent, where moby asks so. */
  intOrZero(name: string): number {
    const text = this.text(name);
    return INTEGER.test(text) && Number.isSafeInteger(Number(text)) ? Number(text) : 0;
  }

  /** A unix time "seconds[.nanoseconds]" in nanoseconds; undefined when absent or empty. */
  timestampNs(name: string): bigint | undefined {
    const text = this.text(name);
    return text === "" ? undefined : parseTimestampNs(text);
  }
}

/** Digits behind the ninth of a fraction are dropped. */
export function parseTimestampNs(text: string): bigint {
  const [seconds = "", fraction = ""] = text.split(".", 2);
  for (const digits of [seconds, fraction || "0"]) {
    if (!INTEGER.test(digits)) {
      throw systemError(`strconv.ParseInt: parsing ${JSON.stringify(digits)}: invalid syntax`);
    }
  }
  const nanos = BigInt(fraction.slice(0, 9).padEnd(9, "0"));
  const whole = BigInt(seconds) * 1_000_000_000n;
  return seconds.startsWith("-") ? whole - nanos : whole + nanos;
}

/** The `tail` of logs: a number, or undefined ("all") for any other word. */
export function parseTail(text: string): number | undefined {
  if (!/^\d{1,15}$/.test(text)) return undefined;
  return Number(text);
}

/** Terminal sizes: unsigned 32 bits, no default. */
export function parseResize(query: Query): { height: number; width: number } {
  return { height: dimension("height", query.text("h")), width: dimension("width", query.text("w")) };
}

function dimension(name: string, text: string): number {
  const refuse = (why: string): never => {
    throw invalidParameter(`invalid resize ${name} ${JSON.stringify(text)}: ${why}`);
  };
  if (!INTEGER.test(text)) return refuse("invalid syntax");
  const value = Number(text);
  return value >= 0 && value <= 0xffff_ffff ? value : refuse("value out of range");
}
