import { expect, test } from "bun:test";
import { parsePlatform, readPlatform } from "./platform.ts";

test.each([
  ["", "linux", "amd64", ""],
  ["linux", "linux", "amd64", ""],
  ["arm64", "linux", "arm64", ""],
  ["aarch64", "linux", "arm64", ""],
  ["linux/arm64/v8", "linux", "arm64", ""],
  ["linux/arm/v7", "linux", "arm", "v7"],
  ["linux/unheard-of", "linux", "unheard-of", ""],
])("%p is %s/%s, variant %p", (text, os, architecture, variant) => {
  expect(parsePlatform(text, "amd64")).toEqual({ os, architecture, variant });
});

test.each([
  ["foobar", '"foobar": unknown operating system or architecture: invalid argument'],
  ["a/b/c/d", '"a/b/c/d": cannot parse platform specifier: invalid argument'],
  ["linux/?", '"linux/?": invalid component "?"'],
  ["windows/amd64", "operating system is not supported"],
])("%p is refused", (text, words) => {
  expect(() => parsePlatform(text, "amd64")).toThrow(words);
});

test("what an image is looked up for may be of any system", () => {
  expect(readPlatform("Windows/x86_64", "arm64")).toEqual({ os: "windows", architecture: "amd64", variant: "" });
});
