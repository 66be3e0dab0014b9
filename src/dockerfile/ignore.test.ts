import { describe, expect, test } from "bun:test";
import { IgnoreMatcher, parseIgnoreFile } from "./ignore.ts";
import { DockerfileError } from "./place.ts";

test("comments and empty lines are no patterns, and paths are cleaned", () => {
  expect(parseIgnoreFile("\uFEFF# words\n\n a/./b/ \r\n!/c\n/\n#d\n! e\n\\#f")).toEqual([
    "a/b",
    "!c",
    "/",
    "!e",
    "\\#f",
  ]);
});

describe("a path is left out by the last pattern that matches it or a directory above it", () => {
  test.each<[patterns: string[], path: string, ignored: boolean]>([
    [["a"], "a", true],
    [["a"], "a/b/c", true],
    [["a"], "b/a", false],
    [["*/a"], "b/a", true],
    [["*/a"], "b/c/a", false],
    [["**/a"], "a", true],
    [["**/a"], "b/c/a/d", true],
    [["a/**"], "a/b", true],
    [["a/**"], "a", false],
    [["a/**/b"], "a/b", true],
    [["a/**/b"], "a/x/y/b", true],
    [["**"], "anything/at/all", true],
    [["*.md", "!README.md"], "README.md", false],
    [["*.md", "!README*.md", "README-secret.md"], "README-secret.md", true],
    [["a", "!a/b"], "a/b", false],
    [["a", "!a/b"], "a/c", true],
    [["!a", "a"], "a", true],
    [["a?c"], "abc", true],
    [["a?c"], "a/c", false],
    [["[a-c]x"], "bx", true],
    [["[^a-c]x"], "bx", false],
    [["[^a-c]x"], "dx", true],
    [["\\*"], "*", true],
    [["\\*"], "x", false],
    [["/a/"], "a", true],
    [["a.b"], "axb", false],
    [["ü?"], "üé", true],
  ])("%p and %s: %p", (patterns, path, ignored) => {
    expect(new IgnoreMatcher(patterns).ignores(path)).toBe(ignored);
  });
});

test("a directory is not looked into when nothing in it can be wanted", () => {
  expect(new IgnoreMatcher(["a"]).skipsBelow("a")).toBe(true);
  expect(new IgnoreMatcher(["a", "!a/b"]).skipsBelow("a")).toBe(false);
});

test.each(["[", "a\\", "[a"])("%p is no pattern", (pattern) => {
  expect(() => new IgnoreMatcher([pattern])).toThrow(DockerfileError);
});
