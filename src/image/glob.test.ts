import { expect, test } from "bun:test";
import fc from "fast-check";
import { compileGlob } from "./glob.ts";

test.each([
  ["a star within one component", "bus*", "busybox:latest", true],
  ["a star does not cross a slash", "*", "user/app", false],
  ["one star a component", "*/*", "user/app", true],
  ["a question mark", "a?c", "abc", true],
  ["a class with a range", "v[0-9]", "v7", true],
  ["a negated class", "v[^0-9]", "v7", false],
  ["an escaped star", "a\\*", "a*", true],
  ["an escaped star is no wildcard", "a\\*", "ab", false],
  ["a dot is a dot", "a.c", "abc", false],
  ["the whole text must match", "bus", "busybox", false],
])("matches %s", (_what, pattern, text, expected) => {
  expect(compileGlob(pattern)(text)).toBe(expected);
});

test.each(["[", "[a", "[]", "[a-", "[-a]", "a\\"])("refuses the pattern %s", (pattern) => {
  expect(() => compileGlob(pattern)).toThrow("syntax error in pattern");
});

test("a text without wildcards matches itself and nothing else", () => {
  fc.assert(
    fc.property(
      fc.stringMatching(/^[a-z0-9/:._-]{1,20}$/),
      fc.stringMatching(/^[a-z0-9/:._-]{1,20}$/),
      (one, other) => {
        expect(compileGlob(one)(one)).toBe(true);
        expect(compileGlob(one)(other)).toBe(one === other);
      },
    ),
  );
});
