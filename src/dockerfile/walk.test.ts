import { expect, test } from "bun:test";
import fc from "fast-check";
import { compilePattern, IgnoreMatcher } from "./ignore.ts";
import { DockerfileError } from "./place.ts";
import { removeMatch, replaceMatches } from "./shell-pattern.ts";
import { endsOf, matchesAll, optional, type Token } from "./walk.ts";

const one = (wanted: string): Token => ({ takes: (character) => character === wanted });
const many: Token = { takes: () => true, repeats: true };

test("every end of a match is told, the nearest first", () => {
  expect([...endsOf([many, one("b")], Array.from("abab"), 0)]).toEqual([2, 4]);
  expect([...endsOf([many, one("b")], Array.from("abab"), 2)]).toEqual([4]);
  expect([...endsOf([...optional([many, one("/")]), one("x")], Array.from("x/x"), 0)]).toEqual([1, 3]);
});

/** What a regular expression finds that is small enough not to mind. */
test("wildcards mean what regular expressions mean", () => {
  const tokens: readonly (readonly [Token, string])[] = [
    [one("a"), "a"],
    [one("b"), "b"],
    [many, ".*"],
    [{ takes: () => true }, "."],
  ];
  const pattern = fc.array(fc.constantFrom(...tokens), { maxLength: 6 });
  fc.assert(
    fc.property(pattern, fc.string({ unit: fc.constantFrom("a", "b", "/"), maxLength: 8 }), (parts, text) => {
      const expression = new RegExp(`^${parts.map(([, source]) => source).join("")}$`, "s");
      const found = matchesAll(
        parts.map(([token]) => token),
        text,
      );
      expect(found).toBe(expression.test(text));
    }),
  );
});

/** A hang fails by the test's own limit; a regular expression needs longer than the universe has lasted. */
test("patterns that send others back and forth take no time", () => {
  const long = "a".repeat(3000);
  expect(compilePattern(`${"*a".repeat(30)}b`).test(long)).toBe(false);
  expect(compilePattern(`${"**/".repeat(30)}b`).test("a/".repeat(1000))).toBe(false);
  expect(new IgnoreMatcher([`${"**a".repeat(20)}b`]).ignores(long)).toBe(false);
  const [value, word] = ["a".repeat(1000), `${"*a".repeat(30)}b`];
  expect(removeMatch(value, `#${word}`, "#")).toBe(value);
  expect(removeMatch(value, word, "%")).toBe(value);
  const short = "a".repeat(40);
  expect(replaceMatches(short, { pattern: word, replacement: "", all: true })).toBe(short);
});

test("more than anybody means is refused", () => {
  const replace = (): string => replaceMatches("a".repeat(10_000), { pattern: "*a*a*b", replacement: "", all: true });
  expect(replace).toThrow(DockerfileError);
  expect(() => removeMatch("a".repeat(1_000_000), "*a*b", "#")).toThrow("too much to look at");
});

test("a range that goes backwards is no pattern", () => {
  expect(() => compilePattern("[b-a]")).toThrow("syntax error in pattern");
});
