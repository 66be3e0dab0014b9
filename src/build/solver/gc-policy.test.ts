import { expect, test } from "bun:test";
import { defaultPolicies, defaultSpace } from "./gc-policy.ts";

const GB = 1_000_000_000;

test("a small disk gives a tenth, a large one ten gigabytes that are always kept", () => {
  expect(defaultSpace(50 * GB)).toEqual({ reserved: 5 * GB, maxUsed: 30 * GB, minFree: 10 * GB });
  expect(defaultSpace(1000 * GB).reserved).toBe(10 * GB);
});

test("what comes again easily goes first, then what is old, then what is too much", () => {
  const [easy, old, rest] = defaultPolicies({ reserved: 1, maxUsed: 2, minFree: 3 });
  expect(easy).toMatchObject({ all: false, maxUsedBytes: 512_000_000, keepMs: 48 * 3_600_000 });
  expect(easy?.filters).toContain("type==source.local");
  expect(old).toMatchObject({ filters: [], keepMs: 60 * 24 * 3_600_000, reservedBytes: 1 });
  expect(rest).toMatchObject({ all: true, filters: [], reservedBytes: 1, maxUsedBytes: 2, minFreeBytes: 3 });
});
