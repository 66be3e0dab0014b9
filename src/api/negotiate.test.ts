import { expect, test } from "bun:test";
import { isBelow, negotiateVersion } from "./negotiate.ts";

test.each([
  ["/version", "1.56", "/version"],
  ["/v1.24/containers/json", "1.24", "/containers/json"],
  ["/v1.56/_ping", "1.56", "/_ping"],
  ["/v1.9.9/x", undefined, undefined],
  ["/volumes/v1.40", "1.56", "/volumes/v1.40"],
  ["/vfoo/version", "1.56", "/vfoo/version"],
])("negotiateVersion() takes %s apart", (path, version, rest) => {
  if (version === undefined) expect(() => negotiateVersion(path)).toThrow("is too old");
  else expect<unknown>(negotiateVersion(path)).toEqual({ version, path: rest });
});

test("negotiateVersion() refuses versions outside the range in Docker's words", () => {
  expect(() => negotiateVersion("/v1.10/version")).toThrow(
    "client version 1.10 is too old. Minimum supported API version is 1.24, please upgrade your client to a newer version",
  );
  expect(() => negotiateVersion("/v1.99/version")).toThrow(
    "client version 1.99 is too new. Maximum supported API version is 1.56",
  );
});

test("isBelow() compares numbers, not text", () => {
  expect([isBelow("1.9", "1.24"), isBelow("1.100", "1.24"), isBelow("1.24", "1.24")]).toEqual([true, false, false]);
});
