import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { expand } from "./expand.ts";
import { DockerfileError } from "./place.ts";

const VARIABLES = new Map([
  ["a", "A"],
  ["empty", ""],
  ["path", "/usr/lib/x.so.1"],
  ["two", "b c"],
  ["1", "one"],
]);
const text = (word: string): string => expand(word, VARIABLES, { escape: "\\" }).text;

test.each([
  ["plain", "plain"],
  ["$a${a}b", "AAb"],
  ["'$a'\"$a\"", "$aA"],
  ["\\$a \"\\$a\" '\\$a'", "$a $a \\$a"],
  ['"a\\b"', "a\\b"],
  ["$", "$"],
  ["$ a", "$ a"],
  ["$1x", "onex"],
  ["${a:-w}${no:-w}${empty:-w}${empty-w}", "Aww"],
  ["${a:+w}${no:+w}${empty:+w}${empty+w}", "ww"],
  ["${no:-${a}}", "A"],
  ["${no:-'}'}", "}"],
  ["${a?w}", "A"],
  ["${path#*/}", "usr/lib/x.so.1"],
  ["${path##*/}", "x.so.1"],
  ["${path%.*}", "/usr/lib/x.so"],
  ["${path%%.*}", "/usr/lib/x"],
  ["${path/lib/share}", "/usr/share/x.so.1"],
  ["${path//[.]/-}", "/usr/lib/x.so.1"],
  ["${path//./-}", "/usr/lib/x-so-1"],
  ["${path/\\//:}", ":usr/lib/x.so.1"],
  ["${path/???/Y}", "Yr/lib/x.so.1"],
  ["ü$a€", "üA€"],
])("%s becomes %s", (word, expected) => {
  expect(text(word)).toBe(expected);
});

describe("what cannot be expanded is refused", () => {
  test.each([
    ["${b", "unsupported modifier (\uFFFD) in substitution"],
    ["${", "syntax error: missing '}'"],
    ["${}", "syntax error: bad substitution"],
    ["${a:foo}", "unsupported modifier (:f) in substitution"],
    ["${a-b", "syntax error: missing '}'"],
    ["${a/b}", "syntax error: missing '/' in ${}"],
    ["${no?}", "no: is not allowed to be unset"],
    ["${empty:?}", "empty: is not allowed to be empty"],
    ["${no:?not there}", "no: not there"],
    ["'a", "unexpected end of statement while looking for matching single-quote"],
    ['"a', "unexpected end of statement while looking for matching double-quote"],
    ["${a#\\x}", "invalid pattern (\\x) in substitution: invalid escape '\\x'"],
  ])("%s", (word, problem) => {
    expect(() => text(word)).toThrow(new DockerfileError(`failed to process ${JSON.stringify(word)}: ${problem}`));
  });
});

test("what is nested without end is refused", () => {
  expect(() => text("${a:-".repeat(50_000))).toThrow("substitutions are nested too deeply");
});

test("words are split where the expanded text has white space, not where quotes do", () => {
  const { words } = expand('x$two "$two" a\\ b', VARIABLES, { escape: "\\" });
  expect(words).toEqual(["xb", "c", "b c", "a b"]);
});

test("names that are not set are told", () => {
  const { unset, used } = expand("$no ${a} ${neither}", VARIABLES, { escape: "\\" });
  expect([...unset]).toEqual(["no", "neither"]);
  expect([...used]).toEqual(["a"]);
});

test("unknown names stay when they shall", () => {
  const kept = "$no ${no} ${no:-w} ${no/a/b} A";
  expect(expand("$no ${no} ${no:-w} ${no/a/b} $a", VARIABLES, { escape: "\\", keepUnset: true }).text).toBe(kept);
});

test("quotes and escapes stay when they shall", () => {
  const options = { escape: "\\", rawQuotes: true, rawEscapes: true } as const;
  expect(expand("\"a b\" 'c' d\\ e", VARIABLES, options).words).toEqual(['"a b"', "'c'", "d\\ e"]);
  expect(expand("it's $a", VARIABLES, { escape: "\\", plainQuotes: true }).text).toBe("it's A");
});

test("the backquote escapes where it was chosen", () => {
  expect(expand("`$a\\$a", VARIABLES, { escape: "`" }).text).toBe("$a\\A");
});

test("any text expands or is refused", () => {
  const pieces = fc.array(
    fc.constantFrom("$", "{", "}", ":", "-", "+", "?", "#", "%", "/", "'", '"', "\\", "a", " ", "*"),
  );
  fc.assert(
    fc.property(pieces, (characters) => {
      try {
        expand(characters.join(""), VARIABLES, { escape: "\\" });
      } catch (error) {
        expect(error).toBeInstanceOf(DockerfileError);
      }
    }),
    { numRuns: 5000 },
  );
});
