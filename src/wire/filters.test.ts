import { expect, test } from "bun:test";
import { parseFilters, pruneUntil } from "./filters.ts";

const until = (...values: readonly string[]): number | undefined =>
  pruneUntil(parseFilters(JSON.stringify(values.length === 0 ? {} : { until: values })));

test("a moment is Unix seconds, a time, or a duration before now", () => {
  expect(until()).toBeUndefined();
  expect(until("1.5")).toBe(1500);
  expect(until("2020-01-02T00:00:00Z")).toBe(Date.UTC(2020, 0, 2));
  expect(Math.abs((until("1h") ?? 0) - (Date.now() - 3_600_000))).toBeLessThan(60_000);
});

test.each([
  [["foo"], 'failed to parse value as time or duration: "foo"'],
  [["9999999h"], 'failed to parse value as time or duration: "9999999h"'],
  [["1", "2"], "more than one until filter specified"],
] as const)("%j is refused", (values, message) => {
  expect(() => until(...values)).toThrow(message);
});
