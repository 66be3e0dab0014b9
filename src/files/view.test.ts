import { afterEach, beforeEach, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openedSince, openFiles } from "../../test/harness/descriptors.ts";
import { openPath } from "../kernel/at.ts";
import { packTree } from "./pack.ts";
import { TreeView } from "./view.ts";
import { type OpenView, openView, type ViewRequest } from "./view-request.ts";

let base: string;
let opened: OpenView | undefined;

beforeEach(() => {
  base = mkdtempSync(join(tmpdir(), "tare-view-"));
  for (const directory of ["root/a/b", "root/mnt", "volume/sub", "outside"]) {
    mkdirSync(join(base, directory), { recursive: true });
  }
  writeFileSync(join(base, "root/a/b/f"), "f");
  writeFileSync(join(base, "volume/v"), "v");
  writeFileSync(join(base, "outside/secret"), "secret");
});

afterEach(() => {
  opened?.[Symbol.dispose]();
  opened = undefined;
  rmSync(base, { recursive: true });
});

function view(request: Partial<ViewRequest> = {}): TreeView {
  opened = openView({ root: join(base, "root"), ...request });
  return opened.view;
}

const link = (target: string, path: string): void => symlinkSync(target, join(base, "root", path));

function pathOf(tree: TreeView, path: string, follow = true): string {
  using place = tree.locate(path, { follow });
  return `${place.path} ${place.stat.type}`;
}

test.each([
  ["a/b/f", "a/b/f file"],
  ["/a//b/./f", "a/b/f file"],
  ["", " directory"],
  ["../../..", " directory"],
  ["a/../../a/b/", "a/b directory"],
  ["a/b/.", "a/b directory"],
])("locate(%p) finds %p", (path, found) => {
  expect(pathOf(view(), path)).toBe(found);
});

test("links end at the root, wherever they point", () => {
  link("/a/b", "absolute");
  link("../../../../a/b/f", "a/climbing");
  link("/absolute/f", "chain");
  const tree = view();
  expect(pathOf(tree, "absolute/f")).toBe("a/b/f file");
  expect(pathOf(tree, "a/climbing")).toBe("a/b/f file");
  expect(pathOf(tree, "chain")).toBe("a/b/f file");
  expect(pathOf(tree, "chain", false)).toBe("chain symlink");
  expect(pathOf(tree, "absolute", false)).toBe("absolute symlink");
  expect(pathOf(tree, "absolute/", false)).toBe("a/b directory");
});

test("'..' after a link leads to where the link led, not back", () => {
  link("/a/b", "to-b");
  expect(pathOf(view(), "to-b/../b/f")).toBe("a/b/f file");
});

test.each([
  ["missing", "no such file or directory"],
  ["a/b/f/x", "not a directory"],
  ["a/b/f/", "not a directory"],
  ["a/b/f/..", "not a directory"],
  ["loop", "too many levels of symbolic links"],
  ["nowhere", "no such file or directory"],
])("locate(%p) fails: %s", (path, message) => {
  link("loop", "loop");
  link("/none", "nowhere");
  expect(() => pathOf(view(), path)).toThrow(message);
});

test("no descriptor stays open, whether a walk succeeds or not", () => {
  link("loop", "loop");
  const tree = view();
  const before = openFiles();
  for (const path of ["a/b/f", "loop", "missing", "a/b/f/x", ""]) {
    try {
      pathOf(tree, path);
    } catch {
      // Its message is another test's.
    }
  }
  expect(openedSince(before)).toBeEmpty();
});

test("a mount is seen in place of what lies below it, also through links, and in the archive", () => {
  link("/mnt", "to-mnt");
  const mounts = [{ destination: "/to-mnt", source: join(base, "volume"), readOnly: false }];
  const tree = view({ mounts });
  expect(pathOf(tree, "mnt/v")).toBe("mnt/v file");
  expect(pathOf(tree, "to-mnt/../mnt/sub")).toBe("mnt/sub directory");
  const names = Buffer.concat([...packTree(tree)]).toString("latin1");
  expect(names).toContain("mnt/v");
  expect(names).toContain("a/b/f");
});

test("a later mount covers an earlier one, and what the earlier one had below", () => {
  const mounts = [
    { destination: "/mnt", source: join(base, "volume"), readOnly: false },
    { destination: "/mnt/sub", source: join(base, "outside"), readOnly: false },
    { destination: "/mnt", source: join(base, "root/a"), readOnly: true },
  ];
  const tree = view({ mounts });
  expect(pathOf(tree, "mnt/b/f")).toBe("mnt/b/f file");
  expect(() => pathOf(tree, "mnt/sub")).toThrow("no such file");
  using place = tree.locate("mnt/b");
  expect(place.mount).toMatchObject({ path: "mnt", readOnly: true });
});

test("missing mount points are made, for directories and for files, also in a read-only tree", () => {
  const mounts = [
    { destination: "/new/deep", source: join(base, "volume"), readOnly: false },
    { destination: "/new/file", source: join(base, "outside/secret"), readOnly: true },
    { destination: "/not-there", source: join(base, "nothing"), readOnly: false },
  ];
  const tree = view({ readOnly: true, mounts });
  expect(pathOf(tree, "new/deep/v")).toBe("new/deep/v file");
  expect(pathOf(tree, "new/file")).toBe("new/file file");
  expect(readFileSync(join(base, "root/new/file"), "utf8")).toBe("");
  expect(() => pathOf(tree, "not-there")).toThrow("no such file");
});

test("a source within a directory does not lead out of it", () => {
  symlinkSync("../outside", join(base, "volume/escape"));
  const mount = { destination: "/mnt", source: join(base, "volume"), readOnly: false };
  const tree = view({ mounts: [{ ...mount, within: "escape" }] });
  expect(() => pathOf(tree, "mnt/secret")).toThrow("no such file");
  expect(pathOf(view({ mounts: [{ ...mount, within: "sub" }] }), "mnt")).toBe("mnt directory");
});

test("openDirectory() refuses a link anywhere in its path", () => {
  link("a", "link");
  using root = openPath(join(base, "root"));
  const tree = new TreeView(root.fd);
  using directory = tree.openDirectory("a/b");
  expect(readdirSync(directory.procPath)).toEqual(["f"]);
  expect(() => tree.openDirectory("link/b")).toThrow("too many levels of symbolic links");
});
