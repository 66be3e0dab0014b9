import { expect, test } from "bun:test";
import type { PathFacts } from "../../files/threads/protocol.ts";
import type { FileStat } from "../../kernel/read-at.ts";
import { toContainerPath } from "./container-path.ts";
import { baseName, toPathStat } from "./path-stat.ts";

test.each([
  ["/a/b", "/a/b", "b"],
  ["a/b", "/a/b", "b"],
  ["../../a", "/a", "a"],
  ["/a/b/", "/a/b/", "b"],
  ["/a/b/.", "/a/b/.", "."],
  ["/", "/", "/"],
  ["//", "/", "/"],
  [".", "/.", "."],
  ["/.", "/.", "."],
  ["./", "/.", "."],
  ["/a/./", "/a/.", "."],
])("toContainerPath(%p) is %p, in an archive %p", (asked, path, name) => {
  expect(toContainerPath(asked)).toBe(path);
  expect(baseName(path)).toBe(name);
});

test("an empty path is refused in Docker's words", () => {
  expect(() => toContainerPath("")).toThrow("bad parameter: pathcannot be empty");
});

// The modes as Docker 28.5 sends them.
test.each([
  ["directory", 0o755, 2147484141],
  ["file", 0o4755, 8389101],
  ["file", 0o644, 420],
  ["symlink", 0o777, 134218239],
  ["fifo", 0o644, 33554852],
  ["directory", 0o1777, 2148532735],
  ["char", 0o666, 69206454],
] as const)("a %s of mode %p is Go's %p", (type, mode, expected) => {
  const stat: FileStat = {
    type,
    mode,
    uid: 0,
    gid: 0,
    size: 5,
    allocated: 0,
    links: 1,
    inode: 1n,
    device: "0:0",
    mtimeSec: 1_700_000_000,
    mtimeNsec: 250_000_000,
    major: 0,
    minor: 0,
  };
  const facts: PathFacts = { stat, isMounted: false, isReadOnly: false, target: "" };
  expect(toPathStat("/a/name", facts)).toEqual({
    name: "name",
    size: 5,
    mode: expected,
    mtime: "2023-11-14T22:13:20.25Z",
    linkTarget: "",
  });
});
