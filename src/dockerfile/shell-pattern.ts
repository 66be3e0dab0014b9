/** The shell's patterns (`*` and `?`, without brackets), for `${name#pattern}` and its kin. Pure. */
import { DockerfileError } from "./place.ts";
import { endsOf, type Token } from "./walk.ts";

/** Characters at places in a pattern: as many as nobody feels. */
const MAX_WORK = 200_000;

/** `#` takes a match off the front of `value`, `%` off its end; doubled in the pattern, the longest one. */
export function removeMatch(value: string, word: string, side: "#" | "%"): string {
  const longest = word.startsWith(side);
  const pattern = longest ? word.slice(1) : word;
  const tokens = toTokens(pattern);
  const characters = Array.from(value);
  const wanted = { start: 0, longest, spend: budgetFor(pattern) };
  if (side === "#") return characters.slice(endOf(tokens, characters, wanted) ?? 0).join("");
  // A suffix is the prefix of the text read backwards, which keeps shortest and longest what they are.
  const backwards = characters.toReversed();
  const end = endOf(tokens.toReversed(), backwards, wanted) ?? 0;
  return backwards.slice(end).reverse().join("");
}

/** The longest match at the first place that has one, or at every such place. */
export function replaceMatches(
  value: string,
  { pattern, replacement, all }: { pattern: string; replacement: string; all: boolean },
): string {
  const tokens = toTokens(pattern);
  const characters = Array.from(value);
  let replaced = "";
  const spend = budgetFor(pattern);
  for (let at = 0; at <= characters.length; ) {
    const end = endOf(tokens, characters, { start: at, longest: true, spend });
    if (end !== undefined) {
      replaced += replacement;
      if (!all) return replaced + characters.slice(end).join("");
    }
    // A match of nothing leaves the character where it is.
    if (end === undefined || end === at) replaced += characters[at++] ?? "";
    else at = end;
  }
  return replaced;
}

interface EndWanted {
  readonly start: number;
  readonly longest: boolean;
  readonly spend: (places: number) => void;
}

function endOf(
  tokens: readonly Token[],
  characters: readonly string[],
  { start, longest, spend }: EndWanted,
): number | undefined {
  let found: number | undefined;
  for (const end of endsOf(tokens, characters, start, spend)) {
    found = end;
    if (!longest) break;
  }
  return found;
}

function budgetFor(pattern: string): (places: number) => void {
  let left = MAX_WORK;
  return (places) => {
    left -= places;
    if (left < 0) throw new DockerfileError(`invalid pattern (${pattern}) in substitution: too much to look at`);
  };
}

const isInLine: Token["takes"] = (character) => character !== "\n";

function toTokens(pattern: string): Token[] {
  const characters = Array.from(pattern);
  const tokens: Token[] = [];
  for (let at = 0; at < characters.length; at++) {
    const character = characters[at] ?? "";
    if (character === "*") tokens.push({ takes: isInLine, repeats: true });
    else if (character === "?") tokens.push({ takes: isInLine });
    else tokens.push(literal(character === "\\" ? unescaped(characters[++at] ?? "", pattern) : character));
  }
  return tokens;
}

const literal = (character: string): Token => ({ takes: (other) => other === character });

/** `}` and `/` had to be escaped to stand in the braces; of the rest only what means something may be. */
function unescaped(character: string, pattern: string): string {
  if (character !== "" && "}/*?\\".includes(character)) return character;
  throw new DockerfileError(`invalid pattern (${pattern}) in substitution: invalid escape '\\${character}'`);
}
