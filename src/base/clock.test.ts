import { expect, test } from "bun:test";
import { nowNs, toRfc3339, toUnixMs } from "./clock.ts";

test("nowNs() is never ahead of the wall clock's millisecond and never repeats", () => {
  let last = 0n;
  for (let round = 0; round < 20_000; round += 1) {
    const ns = nowNs();
    expect(ns > last).toBe(true);
    last = ns;
    expect(Number(ns / 1_000_000n)).toBeLessThanOrEqual(Date.now());
  }
});

test.each([
  [1_700_000_000_000_000_000n, "2023-11-14T22:13:20Z"],
  [1_700_000_000_120_000_000n, "2023-11-14T22:13:20.12Z"],
  [1_700_000_000_000_000_001n, "2023-11-14T22:13:20.000000001Z"],
])("toRfc3339(%p) is %p, as Go prints it", (ns, text) => {
  expect(toRfc3339(ns)).toBe(text);
  expect(toUnixMs(text)).toBe(Number(ns / 1_000_000n));
});
