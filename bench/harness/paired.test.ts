import { expect, test } from "bun:test";
import { measurePaired, quantile, summarize } from "./paired.ts";

test("quantile() interpolates between neighbours", () => {
  expect(quantile([4, 1, 3, 2], 0.5)).toBe(2.5);
  expect(quantile([10, 20], 0.9)).toBeCloseTo(19);
});

test("summarize() takes the ratio within each round, not of the medians", () => {
  expect(summarize("x", [2, 40, 6], [1, 10, 6]).ratio).toBe(2);
});

test("measurePaired() lets another contender begin each round and counts no warm-up", async () => {
  const order: string[] = [];
  const note = (name: string) => async () => void order.push(name);
  const measured = await measurePaired({ a: note("a"), b: note("b") }, { rounds: 2, warmUp: 1 });
  expect(order.join("")).toBe("abbaab");
  expect(measured.map(({ name }) => name)).toEqual(["a", "b"]);
  expect(measured[0]?.ratio).toBe(1);
});
