/** Character classes of Go templates. */

/** Tests one character; "" (the end of the input) belongs to no class. */
export type CharTest = (char: string) => boolean;

export const isSpace: CharTest = (char) => char === " " || char === "\t" || char === "\r" || char === "\n";
export const isDigit: CharTest = (char) => char >= "0" && char <= "9" && char.length === 1;
export const isAlphanumeric: CharTest = (char) => /^[_\p{L}\p{Nd}]$/u.test(char);

/** Go's %#U: "U+0040 '@'". */
export function unicodeName(char: string): string {
  const code = char.codePointAt(0) ?? 0;
  return `U+${code.toString(16).toUpperCase().padStart(4, "0")} '${char}'`;
}
