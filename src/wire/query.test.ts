import { expect, test } from "bun:test";
import { parseResize, parseTail, parseTimestampNs, Query } from "./query.ts";

test.each(["", "0", "no", "false", "none", "False", " NO "])("bool() takes %j for false", (word) => {
  expect(new Query(`all=${encodeURIComponent(word)}`).bool("all", true)).toBe(false);
});

test.each(["1", "true", "yes", "zz"])("bool() takes %j for true", (word) => {
  expect(new Query(`all=${word}`).bool("all")).toBe(true);
});

test("bool() of an absent parameter is its default", () => {
  expect([new Query("").bool("all"), new Query("").bool("all", true)]).toEqual([false, true]);
});

test("int() is undefined when absent and refuses words", () => {
  expect(new Query("").int("t")).toBeUndefined();
  expect(new Query("t=-1").int("t")).toBe(-1);
  expect(() => new Query("t=abc").int("t")).toThrow('strconv.Atoi: parsing "abc": invalid syntax');
  expect(() => new Query("t=99999999999999999999").int("t")).toThrow("value out of range");
});

test("intOrZero() reads what is no number as absent", () => {
  expect(["t=7", "t=-1", "t=abc", "t=99999999999999999999", ""].map((text) => new Query(text).intOrZero("t"))).toEqual([
    7, -1, 0, 0, 0,
  ]);
});

test.each([
  ["whole seconds", "1700000000", 1_700_000_000_000_000_000n],
  ["nanoseconds", "1700000000.000000001", 1_700_000_000_000_000_001n],
  ["a short fraction", "1.5", 1_500_000_000n],
  ["more digits than nanoseconds", "1.1234567890123", 1_123_456_789n],
  ["times before 1970", "-1.5", -1_500_000_000n],
])("parseTimestampNs() reads %s", (_what, text, ns) => {
  expect(parseTimestampNs(text)).toBe(ns);
});

test.each(["abc", "10m", "2020-01-01"])("parseTimestampNs() refuses %j as Docker does", (text) => {
  expect(() => parseTimestampNs(text)).toThrow(`strconv.ParseInt: parsing "${text}": invalid syntax`);
});

test("parseTail() takes a number of lines, and everything else for all", () => {
  expect(["0", "10", "all", "", "-5", "x"].map(parseTail)).toEqual([0, 10, undefined, undefined, undefined, undefined]);
});

test.each([
  ["h=&w=5", 'invalid resize height "": invalid syntax'],
  ["h=a&w=5", 'invalid resize height "a": invalid syntax'],
  ["h=-5&w=5", 'invalid resize height "-5": value out of range'],
  ["h=5&w=99999999999", 'invalid resize width "99999999999": value out of range'],
])("parseResize() refuses %j", (search, message) => {
  expect(() => parseResize(new Query(search))).toThrow(message);
});

test("parseResize() reads height and width", () => {
  expect(parseResize(new Query("h=24&w=80"))).toEqual({ height: 24, width: 80 });
});
