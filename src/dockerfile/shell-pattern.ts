/** The shell's patterns (`*` and `?`, without brackets) as regular expressions, for `${name#pattern}` and its kin. Pure. */
import { DockerfileError } from "./place.ts";

/** `#` takes a match off the front of `value`, `%` off its end; doubled in the pattern, the longest one. */
export function removeMatch(value: string, word: string, side: "#" | "%"): string {
  const greedy = word.startsWith(side);
  const pattern = greedy ? word.slice(1) : word;
  if (side === "#") return value.replace(toRegExp(pattern, { greedy, start: "^" }), "");
  // A suffix is the prefix of the text read backwards, which keeps shortest and longest what they are.
  const backwards = Array.from(value).reverse().join("");
  const rest = backwards.replace(toRegExp(pattern, { greedy, start: "^", reversed: true }), "");
  return Array.from(rest).reverse().join("");
}

export function replaceMatches(
  value: string,
  { pattern, replacement, all }: { pattern: string; replacement: string; all: boolean },
): string {
  const matcher = toRegExp(pattern, { greedy: true, start: "", all });
  return value.replace(matcher, () => replacement);
}

interface RegExpOptions {
  readonly greedy: boolean;
  readonly start: "^" | "";
  readonly reversed?: boolean;
  readonly all?: boolean;
}

function toRegExp(pattern: string, { greedy, start, reversed = false, all = false }: RegExpOptions): RegExp {
  const parts = toParts(pattern, greedy ? "[^\\n]*" : "[^\\n]*?");
  if (reversed) parts.reverse();
  return new RegExp(start + parts.join(""), all ? "gu" : "u");
}

/** One piece of a regular expression for each character that the pattern asks for. */
function toParts(pattern: string, star: string): string[] {
  const characters = Array.from(pattern);
  const parts: string[] = [];
  for (let at = 0; at < characters.length; at++) {
    const character = characters[at] ?? "";
    if (character === "*") parts.push(star);
    else if (character === "?") parts.push("[^\\n]");
    else if (character === "\\") parts.push(literal(unescaped(characters[++at] ?? "", pattern)));
    else parts.push(literal(character));
  }
  return parts;
}

/** `}` and `/` had to be escaped to stand in the braces; of the rest only what means something may be. */
function unescaped(character: string, pattern: string): string {
  if (character !== "" && "}/*?\\".includes(character)) return character;
  throw new DockerfileError(`invalid pattern (${pattern}) in substitution: invalid escape '\\${character}'`);
}

const literal = (character: string): string => character.replace(/[\\^$.*+?()[\]{}|/-]/, "\\$&");
