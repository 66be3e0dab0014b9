import { afterEach, beforeEach, expect, test } from "bun:test";
import {
  closeSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { mkdirat, openat, openPath } from "../kernel/at.ts";
import { O } from "../kernel/open-flags.ts";
import { removeTree } from "./remove-tree.ts";
import { treeSize } from "./tree-size.ts";

let base: string;

beforeEach(() => {
  base = mkdtempSync(join(tmpdir(), "tare-tree-"));
});

afterEach(() => rmSync(base, { recursive: true, force: true }));

test("removeTree() deletes files, links and directories, and nothing behind a link", async () => {
  mkdirSync(join(base, "outside"));
  writeFileSync(join(base, "outside/f"), "");
  mkdirSync(join(base, "t/a/b/c"), { recursive: true });
  writeFileSync(join(base, "t/a/b/f"), "");
  symlinkSync("../outside", join(base, "t/l"));
  symlinkSync("../../outside", join(base, "t/a/l"));
  writeFileSync(join(base, "t/.raised-0"), "a name that the deletion itself would use");
  await removeTree(base, "t");
  expect(readdirSync(base)).toEqual(["outside"]);
  expect(readdirSync(join(base, "outside"))).toEqual(["f"]);
});

test("removeTree() is content with nothing to delete", async () => {
  await removeTree(base, "missing");
  symlinkSync("/", join(base, "link"));
  await removeTree(base, "link");
  expect(existsSync(join(base, "link"))).toBe(false);
});

test("removeTree() deletes a tree deeper than any path can be long", async () => {
  mkdirSync(join(base, "t"));
  let directory = openPath(join(base, "t"), O.RDONLY | O.DIRECTORY);
  for (let depth = 0; depth < 3000; depth++) {
    mkdirat(directory.fd, "deep");
    const next = openat(directory.fd, "deep", O.RDONLY | O.DIRECTORY);
    directory.close();
    directory = next;
  }
  directory.close();
  await removeTree(base, "t");
  expect(readdirSync(base)).toEqual([]);
});

test("removeTree() deletes immutable and append-only files", async () => {
  mkdirSync(join(base, "t/d"), { recursive: true });
  writeFileSync(join(base, "t/d/f"), "");
  writeFileSync(join(base, "t/log"), "");
  Bun.spawnSync(["chattr", "+i", join(base, "t/d/f"), join(base, "t/d")]);
  Bun.spawnSync(["chattr", "+a", join(base, "t/log")]);
  await removeTree(base, "t");
  expect(readdirSync(base)).toEqual([]);
});

test("treeSize() counts bytes of files once, follows no link, and takes nothing for 0", async () => {
  mkdirSync(join(base, "t/d"), { recursive: true });
  writeFileSync(join(base, "t/a"), "12345");
  writeFileSync(join(base, "t/d/b"), "123");
  Bun.spawnSync(["ln", join(base, "t/a"), join(base, "t/d/same")]);
  symlinkSync("/usr", join(base, "t/l"));
  closeSync(openSync(join(base, "t/empty"), "w"));
  expect(await treeSize(join(base, "t"))).toBe(5 + 3 + 4);
  expect(await treeSize(join(base, "missing"))).toBe(0);
});
