/** The kinds of flags commands are made of; each makes one row of a flag table. Messages are those of pflag and Go's strconv. */
import type { Flag } from "./flags.ts";

/** What a row may add to its kind. */
export interface FlagOptions {
  readonly short?: string;
  readonly aliases?: readonly string[];
  readonly placeholder?: string;
  readonly shownDefault?: string;
  readonly hidden?: boolean;
}

/** A switch: `--x`, `--x=false`. */
export function switchFlag(help: string, options: FlagOptions & { readonly initial?: boolean } = {}): Flag<boolean> {
  const initial = options.initial ?? false;
  const shown = initial ? { shownDefault: "true" } : {};
  return { placeholder: "", help, bare: "true", ...shown, ...options, initial, parse: parseBool };
}

/** One string; the last one given holds. */
export function textFlag(help: string, options: FlagOptions & { readonly initial?: string } = {}): Flag<string> {
  const initial = options.initial ?? "";
  const shown = initial === "" ? {} : { shownDefault: JSON.stringify(initial) };
  return { placeholder: "string", help, ...shown, ...options, initial, parse: (text) => text };
}

/** Every occurrence adds one string; `check` may refuse or rewrite it. */
export function listFlag(
  help: string,
  options: FlagOptions & { readonly check?: (text: string) => string } = {},
): Flag<readonly string[]> {
  const { check = (text: string): string => text, ...shown } = options;
  return { placeholder: "list", help, ...shown, initial: [], parse: (text, previous) => [...previous, check(text)] };
}

/** A whole number; undefined when not given. */
export function intFlag(help: string, options: FlagOptions = {}): Flag<number | undefined> {
  return { placeholder: "int", help, ...options, initial: undefined, parse: parseInteger };
}

/** A value of the caller's own kind; undefined when not given. */
export function valueFlag<T>(
  help: string,
  parse: (text: string) => T,
  options: FlagOptions & { readonly placeholder: string },
): Flag<T | undefined> {
  return { help, ...options, initial: undefined, parse };
}

const TRUE_WORDS = new Set(["1", "t", "T", "true", "TRUE", "True"]);
const FALSE_WORDS = new Set(["0", "f", "F", "false", "FALSE", "False"]);

/** The words of Go's strconv.ParseBool. */
export function parseBool(text: string): boolean {
  if (TRUE_WORDS.has(text)) return true;
  if (FALSE_WORDS.has(text)) return false;
  throw new Error(`strconv.ParseBool: parsing ${JSON.stringify(text)}: invalid syntax`);
}

/** Decimal, or with a prefix 0x, 0o, 0b, within what a number holds exactly. */
export function parseInteger(text: string): number {
  if (!/^[+-]?(?:\d+|0[xX][0-9a-fA-F]+|0[oO][0-7]+|0[bB][01]+)$/.test(text)) {
    throw new Error(`strconv.ParseInt: parsing ${JSON.stringify(text)}: invalid syntax`);
  }
  const sign = text.startsWith("-") ? -1 : 1;
  const value = sign * Number(text.replace(/^[+-]/, ""));
  if (!Number.isSafeInteger(value)) {
    throw new Error(`strconv.ParseInt: parsing ${JSON.stringify(text)}: value out of range`);
  }
  return value;
}
