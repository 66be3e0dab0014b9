import { expect, test } from "bun:test";
import { boundingSet, namesOfMask, toCapabilitySets } from "./capabilities.ts";

const EVERY = namesOfMask("1ffffffffff");
const config = (CapAdd: string[] | null, CapDrop: string[] | null, Privileged = false) => ({
  CapAdd,
  CapDrop,
  Privileged,
});

test("namesOfMask() knows all 41 capabilities by number", () => {
  expect(EVERY).toHaveLength(41);
  expect(namesOfMask("a80425fb").toSorted()).toEqual(boundingSet(config(null, null), EVERY).toSorted());
  expect(namesOfMask("200000")).toEqual(["CAP_SYS_ADMIN"]);
});

test.each([
  ["by default Docker's fourteen", config(null, null), 14],
  ["an added one on top", config(["NET_ADMIN"], null), 15],
  ["one that is there already counts once", config(["chown", "CAP_CHOWN"], null), 14],
  ["a dropped one less", config(null, ["cap_chown"]), 13],
  ["dropping what is not there changes nothing", config(null, ["SYS_ADMIN"]), 14],
  ["all", config(["ALL"], null), 41],
  ["all but one", config(["all"], ["CHOWN"]), 40],
  ["none", config(null, ["ALL"]), 0],
  ["only what is added", config(["SYS_TIME", "KILL"], ["ALL"]), 2],
  ["everything when privileged, whatever is dropped", config(null, ["ALL"], true), 41],
])("boundingSet(): %s", (_sentence, wanted, count) => {
  expect(boundingSet(wanted, EVERY)).toHaveLength(count);
});

test("boundingSet() refuses names that are none, and ALL with a prefix", () => {
  expect(() => boundingSet(config(["NOSUCH"], null), EVERY)).toThrow(
    'invalid CapAdd: unknown capability: "CAP_NOSUCH"',
  );
  expect(() => boundingSet(config(null, ["nosuch"]), EVERY)).toThrow(
    'invalid CapDrop: unknown capability: "CAP_NOSUCH"',
  );
  expect(() => boundingSet(config(["cap_all"], null), EVERY)).toThrow('invalid CapAdd: unknown capability: "CAP_ALL"');
});

test("boundingSet() refuses a capability that the engine itself does not have", () => {
  expect(() => boundingSet(config(["SYS_TIME"], null), namesOfMask("1"))).toThrow("unknown capability");
});

test("a user other than root has the bounding set alone, and nobody inherits", () => {
  expect(toCapabilitySets(["CAP_KILL"], 1000)).toEqual({ bounding: ["CAP_KILL"] });
  expect(toCapabilitySets(["CAP_KILL"], 0)).toEqual({
    bounding: ["CAP_KILL"],
    effective: ["CAP_KILL"],
    permitted: ["CAP_KILL"],
  });
});
