import { expect, test } from "bun:test";
import type { CacheUsage } from "../builder.ts";
import { matchesUsage } from "./usage-filter.ts";

const USAGE: CacheUsage = {
  id: "abc123",
  parents: ["p1", "p2"],
  type: "exec.cachemount",
  description: "cached mount /c from exec make",
  inUse: false,
  shared: true,
  mutable: true,
  sizeBytes: 10,
  createdAt: 0,
  lastUsedAt: undefined,
  usageCount: 1,
};

test.each([
  [[], true],
  [[""], true],
  [["type=exec.cachemount"], true],
  [["type==exec.cachemount"], true],
  [["type!=exec.cachemount"], false],
  [["id~=^abc"], true],
  [["id~=^bc"], false],
  [["inuse"], false],
  [["shared"], true],
  [["private"], false],
  [["mutable", "immutable"], true],
  [["mutable,shared"], true],
  [["mutable,inuse"], false],
  [["mutable, shared"], true],
  [["inuse", "type=regular"], false],
  [["parents~=p2"], true],
  [["description~=make$"], true],
  [["color=red"], false],
  [["color!=red"], true],
] as const)("%p of a shared cache mount: %p", (filters, expected) => {
  expect(matchesUsage(USAGE, filters)).toBe(expected);
});

test.each(["=x", "id~=("])("%p is refused", (filter) => {
  expect(() => matchesUsage(USAGE, [filter])).toThrow(`failed to parse filter ${JSON.stringify(filter)}`);
});
