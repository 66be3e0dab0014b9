import { expect, test } from "bun:test";
import { formatDurationMs, parseDurationNs } from "./duration.ts";

test.each([
  [0, "0s"],
  [100, "100ms"],
  [30_000, "30s"],
  [1_500, "1.5s"],
  [90_000, "1m30s"],
  [3_600_000, "1h0m0s"],
])("formatDurationMs(%p) is %p, which reads back", (ms, text) => {
  expect(formatDurationMs(ms)).toBe(text);
  expect(parseDurationNs(text)).toBe(ms * 1e6);
});
