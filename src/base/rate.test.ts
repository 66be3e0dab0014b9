import { expect, test } from "bun:test";
import { parseRate } from "./rate.ts";

test.each<[string, number | undefined]>([
  ["8", 1],
  ["64k", 8000],
  ["10mbit", 1_250_000],
  ["1.5Gbit", 187_500_000],
  ["2t", 250_000_000_000],
  ["7", undefined],
  ["0", undefined],
  ["", undefined],
  ["bit", undefined],
  ["-1m", undefined],
  ["10mb", undefined],
  ["1e9", undefined],
])("parseRate(%p) is %p bytes a second", (text, bytes) => {
  expect(parseRate(text)).toBe(bytes);
});
