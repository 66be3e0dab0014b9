import { describe, expect, test } from "bun:test";
import { parsePlace } from "./argument.ts";
import { assertsDirectory, baseOf, clean, keepEnding, keepName, splitEntry } from "./paths.ts";
import { type CopyDestination, type CopySource, planCopy, renameEntry } from "./plan.ts";

test.each([
  ["c:/x", "c", "/x"],
  ["c:x:y", "c", "x:y"],
  ["c:", "c", ""],
  ["/a:b", "", "/a:b"],
  ["./a:b", "", "./a:b"],
  ["plain", "", "plain"],
  ["-", "", "-"],
  [":x", "", "x"],
])("parsePlace(%p) is container %p and path %p", (text, container, path) => {
  expect(parsePlace(text)).toEqual({ container, path });
});

describe("paths are Go's", () => {
  test.each([
    ["", "."],
    ["/", "/"],
    ["a//b/./c/..", "a/b"],
    ["../../a", "../../a"],
    ["/../a/", "/a"],
    ["a/..", "."],
  ])("clean(%p) is %p", (path, cleaned) => {
    expect(clean(path)).toBe(cleaned);
  });

  test.each([
    ["", "."],
    ["/", "/"],
    ["//", "/"],
    ["/a/b/", "b"],
    ["a/.", "."],
    ["a", "a"],
  ])("baseOf(%p) is %p", (path, base) => {
    expect(baseOf(path)).toBe(base);
  });

  test.each([
    ["/a/b", "/a", "b"],
    ["/a/b/", "/a", "b"],
    ["/a/b/.", "/a/b", "."],
    ["/", "/", "/"],
    ["/a", "/", "a"],
    ["a", ".", "a"],
    ["", ".", "."],
  ])("splitEntry(%p) is %p and %p", (path, directory, base) => {
    expect(splitEntry(path)).toEqual({ directory, base });
  });

  test.each([
    ["/a", "a/", "/a/"],
    ["/a", "a/.", "/a/."],
    ["/", "/", "/"],
    ["/", ".", "/."],
    ["/a", "a", "/a"],
  ])("keepEnding(%p, %p) is %p", (cleaned, original, kept) => {
    expect(keepEnding(cleaned, original)).toBe(kept);
  });

  test("keepName() keeps the name that was asked for when a link led to another", () => {
    expect(keepName("/d/link", "/x/real")).toEqual({ path: "/x/real", name: "link" });
    expect(keepName("/d/link/", "/x/real")).toEqual({ path: "/x/real/", name: "link" });
    expect(keepName("/d/same", "/x/same")).toEqual({ path: "/x/same", name: "" });
    expect(keepName("/d/link/.", "/x/real")).toEqual({ path: "/x/real/.", name: "" });
  });

  test("assertsDirectory() is true for a slash or dot at the end", () => {
    expect(["a/", "a/.", ".", "a", "a.", ""].map(assertsDirectory)).toEqual([true, true, true, false, false, true]);
  });
});

describe("planCopy()", () => {
  const file = (path: string, name = ""): CopySource => ({ path, name, isDirectory: false });
  const tree = (path: string, name = ""): CopySource => ({ path, name, isDirectory: true });
  const to = (path: string, kind?: CopyDestination["kind"]): CopyDestination => ({ path, kind });

  test.each([
    ["a file into a directory", file("/a/f"), to("/d", "directory"), "/d", undefined],
    ["a file under another name", file("/a/f"), to("/d/g"), "/d", { from: "f", to: "g" }],
    ["a file over a file", file("/a/f"), to("/d/g", "other"), "/d", { from: "f", to: "g" }],
    ["a directory to where nothing is", tree("/a/t"), to("/d/new"), "/d", { from: "t", to: "new" }],
    ["a directory to where nothing is, with a slash", tree("/a/t"), to("/d/new/"), "/d", { from: "t", to: "new" }],
    ["a directory's content", tree("/a/t/."), to("/d/new"), "/d", { from: ".", to: "new" }],
    ["a directory's content into a directory", tree("/a/t/."), to("/d", "directory"), "/d", undefined],
    ["what a link led to", file("/x/real", "link"), to("/d/g"), "/d", { from: "link", to: "g" }],
    ["the root", tree("/"), to("/d/new"), "/d", { from: "/", to: "new" }],
  ])("%s", (_what, source, destination, directory, rename) => {
    expect(planCopy(source, destination)).toEqual({ directory, rename });
  });

  test.each([
    ["a directory over a file", tree("/a/t"), to("/d/f", "other"), "cannot copy directory"],
    ["a file into a directory that is not there", file("/a/f"), to("/d/new/"), "no such directory"],
  ])("refuses %s", (_what, source, destination, message) => {
    expect(() => planCopy(source, destination)).toThrow(message);
  });
});

test.each([
  ["t/a", "t", "new", "new/a"],
  ["./a", ".", "new", "new/a"],
  ["/bin/sh", "/", "new", "new/bin/sh"],
  ["/", "/", "new", "new/"],
  ["other", "t/", "x", "other"],
])("renameEntry(%p) from %p to %p is %p", (name, from, to, renamed) => {
  expect(renameEntry(name, { from, to })).toBe(renamed);
});
