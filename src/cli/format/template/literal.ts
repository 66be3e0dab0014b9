/** The values of literals: Go's integers, floats, characters and strings. */
import { quote, unquote } from "./quote.ts";
import { Float, type Value } from "./value.ts";

/** Throws an Error with Go's words for what cannot be read. */
export function numberValue(text: string): Value {
  const digits = text.replaceAll("_", "").replace(/^[+-]/, "");
  const sign = text.startsWith("-") ? -1 : 1;
  if (/^0[0-7]+$/.test(digits)) return sign * Number.parseInt(digits, 8);
  const value = Number(digits);
  if (digits === "" || Number.isNaN(value)) throw new Error(`illegal number syntax: ${quote(text)}`);
  const isFloat = /[.eE]/.test(digits) && !/^0[xX]/.test(digits);
  if (!isFloat && !Number.isSafeInteger(value)) throw new Error(`integer overflow: ${quote(text)}`);
  return isFloat ? new Float(sign * value) : sign * value;
}

/** The code point of 'c'. */
export function characterValue(text: string): number {
  const char = unquote(text);
  const code = char?.codePointAt(0);
  if (char === undefined || code === undefined || String.fromCodePoint(code) !== char) {
    throw new Error(`malformed character constant: ${text}`);
  }
  return code;
}

export function stringValue(text: string): string {
  const value = unquote(text);
  if (value === undefined) throw new Error("invalid syntax");
  return value;
}
