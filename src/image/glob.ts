/** Go's path.Match, which the `reference` filter of image lists speaks: `*`, `?`, `[a-z]` and `\`, none of which cross a slash. */
import { invalidParameter } from "../base/errors.ts";

const badPattern = () => invalidParameter("syntax error in pattern");
const literal = (char: string): string => char.replace(/[\\^$.*+?()[\]{}|/-]/g, "\\$&");

/** The matcher of a pattern. Throws invalidParameter("syntax error in pattern"). */
export function compileGlob(pattern: string): (text: string) => boolean {
  let source = "";
  for (let at = 0; at < pattern.length; ) {
    const char = pattern[at] ?? "";
    if (char === "*") source += "[^/]*";
    else if (char === "?") source += "[^/]";
    else if (char === "[") {
      const set = readSet(pattern, at + 1);
      source += set.source;
      at = set.end;
      continue;
    } else if (char === "\\") source += literal(readChar(pattern, at).char);
    else source += literal(char);
    at += char === "\\" ? 2 : 1;
  }
  const whole = new RegExp(`^${source}$`, "s");
  return (text) => whole.test(text);
}

function readChar(pattern: string, at: number): { char: string; end: number } {
  const escaped = pattern[at] === "\\";
  const char = pattern[escaped ? at + 1 : at];
  if (char === undefined) throw badPattern();
  return { char, end: at + (escaped ? 2 : 1) };
}

/** A character class from behind its opening bracket; `end` is behind the closing one. */
function readSet(pattern: string, start: number): { source: string; end: number } {
  const negated = pattern[start] === "^";
  let at = negated ? start + 1 : start;
  let ranges = "";
  while (ranges === "" || pattern[at] !== "]") {
    if (pattern[at] === "]" || pattern[at] === "-") throw badPattern();
    const low = readChar(pattern, at);
    at = low.end;
    let high = low;
    if (pattern[at] === "-") {
      high = readChar(pattern, at + 1);
      at = high.end;
    }
    // An inverted range matches nothing in Go; in a RegExp it would be an error.
    ranges += low.char <= high.char ? `${literal(low.char)}-${literal(high.char)}` : "[]";
    if (at >= pattern.length) throw badPattern();
  }
  return { source: `(?!/)[${negated ? "^" : ""}${ranges}]`, end: at + 1 };
}
