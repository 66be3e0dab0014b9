/** Go's quoting: interpreted string literals out of text, and text out of every literal form. */

const SHORT: Readonly<Record<string, string>> = {
  "\x07": "\\a",
  "\b": "\\b",
  "\f": "\\f",
  "\n": "\\n",
  "\r": "\\r",
  "\t": "\\t",
  "\v": "\\v",
  "\\": "\\\\",
};
const LONG: Readonly<Record<string, string>> = {
  a: "\x07",
  b: "\b",
  f: "\f",
  n: "\n",
  r: "\r",
  t: "\t",
  v: "\v",
  "\\": "\\",
  "'": "'",
  '"': '"',
};
const UNPRINTABLE = /[\p{C}\p{Z}]/u;

/** `text` as a double-quoted Go literal; `ascii` escapes everything above 0x7e as well. */
export function quote(text: string, ascii = false): string {
  return quoteWith(text, '"', ascii);
}

/** A rune as a single-quoted Go literal. */
export function quoteRune(code: number, ascii = false): string {
  return quoteWith(runeText(code), "'", ascii);
}

/** The character of a code point; U+FFFD for what is none. */
export function runeText(code: number): string {
  const valid = code >= 0 && code <= 0x10ffff && !(code >= 0xd800 && code <= 0xdfff);
  return valid ? String.fromCodePoint(code) : "\ufffd";
}

/** The characters as Go counts them. */
export const runesOf = (text: string): readonly string[] => Array.from(text);

/** Nothing to escape. */
const PLAIN = /^[ !#-&(-[\]-~]*$/;

function quoteWith(text: string, mark: string, ascii: boolean): string {
  if (PLAIN.test(text)) return mark + text + mark;
  let out = mark;
  for (const char of text) out += char === mark ? `\\${mark}` : escapeChar(char, ascii);
  return out + mark;
}

function escapeChar(char: string, ascii: boolean): string {
  const short = SHORT[char];
  if (short !== undefined) return short;
  const code = char.codePointAt(0) ?? 0;
  if (code < 0x20 || code === 0x7f) return `\\x${code.toString(16).padStart(2, "0")}`;
  if (code < 0x7f || (!ascii && !UNPRINTABLE.test(char))) return char;
  if (code < 0x10000) return `\\u${code.toString(16).padStart(4, "0")}`;
  return `\\U${code.toString(16).padStart(8, "0")}`;
}

/** The text of a literal with its quotes ("…", '…' or `…`), or undefined when it is malformed. */
export function unquote(literal: string): string | undefined {
  const mark = literal[0];
  const body = literal.slice(1, -1);
  if (mark === "`") return body.replaceAll("\r", "");
  let valid = true;
  const text = body.replace(ESCAPE, (escape) => {
    const char = escape === (mark === '"' ? "\\'" : '\\"') ? undefined : unescape(escape.slice(1));
    if (char === undefined) valid = false;
    return char ?? "";
  });
  return valid ? text : undefined;
}

const ESCAPE = /\\(?:x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|[0-7]{3}|[\s\S])?/g;

/** The character that the escape stands for, given without its backslash. */
function unescape(code: string): string | undefined {
  if (code.length < 2) return LONG[code];
  return runeText(/^\d/.test(code) ? Number.parseInt(code, 8) : Number.parseInt(code.slice(1), 16));
}
