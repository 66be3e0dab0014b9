import { expect, test } from "bun:test";
import { favorDynamicCgroups, optionsOf } from "./cgroup-latency.ts";
import { readMounts } from "./mountinfo.ts";

test.each([
  ["rw", []],
  ["rw,nsdelegate,memory_recursiveprot", [["nsdelegate"], ["memory_recursiveprot"]]],
  ["ro,name=x", [["name", "x"]]],
])("optionsOf(%p) are the file system's own", (superOptions, options) => {
  expect(optionsOf({ superOptions })).toEqual(options as never);
});

test("favorDynamicCgroups() sets the option once and keeps the others", () => {
  const options = () =>
    readMounts()
      .find(({ type }) => type === "cgroup2")
      ?.superOptions.split(",") ?? [];
  const before = options();
  const outcome = favorDynamicCgroups();
  if (outcome === "unavailable") return expect(options()).toEqual(before);
  expect(options().filter((word) => word !== "favordynmods")).toEqual(before.filter((word) => word !== "favordynmods"));
  expect(options()).toContain("favordynmods");
  expect(favorDynamicCgroups()).toBe("already");
});
