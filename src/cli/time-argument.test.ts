/** --since and --until. */
import { describe, expect, test } from "bun:test";
import { timeArgument } from "./time-argument.ts";

const NOW = Date.parse("2026-01-02T03:04:05.250Z");

describe("timeArgument()", () => {
  test.each([
    ["", ""],
    ["1136073600", "1136073600"],
    ["1136073600.000000001", "1136073600.000000001"],
    ["0s", "1767323045.250000000"],
    ["10m", "1767322445.250000000"],
    ["1h30m", "1767317645.250000000"],
    ["-2s", "1767323047.250000000"],
    ["2006-01-02T15:04:05.000000001Z", "1136214245.000000001"],
    ["2006-01-02T15:04:05+01:00", "1136210645.000000000"],
    ["2006-01-02T15:04:05", "1136214245.000000000"],
    ["2006-01-02T15:04", "1136214240.000000000"],
    ["2006-01-02T15", "1136214000.000000000"],
    ["2006-01-02", "1136160000.000000000"],
    ["2006-01-02Z", "1136160000.000000000"],
  ])("takes %p for %p", (text, seconds) => {
    expect(timeArgument(text, NOW)).toBe(seconds);
  });

  test.each(["bad", "2006-13-01", "10 minutes", "5x"])("refuses %p", (text) => {
    expect(() => timeArgument(text, NOW)).toThrow(`failed to parse value as time or duration: ${JSON.stringify(text)}`);
  });
});
