/** Lines of a Dockerfile that something is said about, with some around them, as BuildKit's clients print them. Pure. */
import type { Lines } from "./place.ts";

interface Excerpt {
  readonly fileName: string;
  readonly text: string;
  readonly ranges: readonly Lines[];
}

/** How many lines more than one that is meant, and than several, in all. */
const AROUND_ONE = 4;
const AROUND_MANY = 2;
const RULE = "-".repeat(20);

/** "" when there are no such lines. */
export function excerptOf({ fileName, text, ranges }: Excerpt): string {
  const lines = text.split("\n");
  const first = Math.min(...ranges.map((range) => range.first));
  const last = Math.min(lines.length, Math.max(...ranges.map((range) => range.last)));
  if (!(first >= 1 && first <= lines.length)) return "";
  const shown = widened({ first, last }, lines.length);
  const isMeant = (line: number): boolean => ranges.some((range) => line >= range.first && line <= range.last);
  const rows = lines.slice(shown.first - 1, shown.last).map((line, at) => {
    const number = shown.first + at;
    return ` ${String(number).padStart(3)} | ${isMeant(number) ? ">>>" : "   "} ${line}`;
  });
  return `${[`${fileName}:${first}`, RULE, ...rows, RULE].join("\n")}\n`;
}

/** On both sides by turns, as far as there are lines. */
function widened(meant: Lines, count: number): Lines {
  let { first, last } = meant;
  for (let left = first === last ? AROUND_ONE : AROUND_MANY; left > 0 && (first > 1 || last < count); ) {
    if (first > 1) {
      first--;
      left--;
    }
    if (left > 0 && last < count) {
      last++;
      left--;
    }
  }
  return { first, last };
}
