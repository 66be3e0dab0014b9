import { expect, test } from "bun:test";
import fc from "fast-check";
import { EngineError } from "../base/errors.ts";
import { parseJson } from "./json.ts";

function refusal(text: string): string {
  try {
    parseJson(text);
  } catch (error) {
    if (error instanceof EngineError && error.kind === "invalidParameter") return error.message;
  }
  return "accepted";
}

test("parseJson() takes every JSON value", () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) =>
      expect(parseJson(JSON.stringify(value))).toEqual(JSON.parse(JSON.stringify(value))),
    ),
  );
});

test("parseJson() refuses every object that was cut off, with a reason", () => {
  const cut = fc
    .tuple(fc.dictionary(fc.string(), fc.jsonValue()), fc.nat())
    .map(([value, at]) => JSON.stringify(value).slice(0, at % JSON.stringify(value).length));
  fc.assert(
    fc.property(cut, (text) => expect(refusal(text)).toMatch(/^invalid JSON: (unexpected EOF|got EOF|invalid)/)),
  );
});

// The messages are those of Docker 28.5.2.
test.each([
  ["an empty body", "", "invalid JSON: got EOF while reading request body"],
  ["an object that ends too early", '{"Image":"x"', "invalid JSON: unexpected EOF"],
  [
    "a comma before the end",
    '{"Image":"x",}',
    "invalid JSON: invalid character '}' looking for beginning of object key string",
  ],
  [
    "a key in single quotes",
    "{'a'}",
    "invalid JSON: invalid character '\\'' looking for beginning of object key string",
  ],
  ["a key without quotes", "{a}", "invalid JSON: invalid character 'a' looking for beginning of object key string"],
  ["a missing colon", '{"Image" "x"}', "invalid JSON: invalid character '\"' after object key"],
  ["a semicolon for a comma", '{"Image":"x";}', "invalid JSON: invalid character ';' after object key:value pair"],
  ["a missing comma in a list", '{"Image":["a" "b"]}', "invalid JSON: invalid character '\"' after array element"],
  [
    "a list that ends in a comma",
    '{"Image":["a",]}',
    "invalid JSON: invalid character ']' looking for beginning of value",
  ],
  ["half a literal", '{"Image":tru}', "invalid JSON: invalid character '}' in literal true (expecting 'e')"],
  ["a tab in a string", '{"Image":"a\tb"}', "invalid JSON: invalid character '\\t' in string"],
  ["an unknown escape", '{"Image":"x\\q"}', "invalid JSON: invalid escape sequence `\\q` in string"],
  ["a leading zero", '{"Image":01}', "invalid JSON: invalid character '1' after object key:value pair"],
  ["a minus without digits", '{"Image":-a}', "invalid JSON: invalid character 'a' in numeric literal"],
  ["a fraction without digits", '{"Image":1.e}', "invalid JSON: invalid character 'e' in numeric literal"],
  ["a second value", '{"Image":"nope"}{"a":1}', "unexpected content after JSON"],
])("parseJson() says what is wrong with %s", (_what, text, message) => {
  expect(refusal(text)).toBe(message);
});

test("parseJson() survives nesting deeper than any stack", () => {
  expect(refusal(`${"[".repeat(1_000_000)}x`)).toBe("invalid JSON: exceeded max depth");
});
