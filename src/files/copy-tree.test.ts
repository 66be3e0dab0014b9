import { afterEach, beforeEach, expect, test } from "bun:test";
import {
  chmodSync,
  chownSync,
  closeSync,
  existsSync,
  ftruncateSync,
  linkSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import { openPath, setxattr } from "../kernel/at.ts";
import { O } from "../kernel/open-flags.ts";
import { getXattr } from "../kernel/read-at.ts";
import { type Copied, copyTree, isSmallTree } from "./copy-tree.ts";

let dir: string;
let from: string;
let to: string;

beforeEach(() => {
  dir = mkdtempSync("/var/tmp/tare-copy-");
  from = join(dir, "from");
  to = join(dir, "to");
  mkdirSync(from);
  mkdirSync(to);
});
afterEach(() => rmSync(dir, { recursive: true }));

function copy(checkpoint: (copied: Copied) => void = () => undefined): Copied {
  using source = openPath(from, O.RDONLY | O.DIRECTORY);
  using target = openPath(to, O.RDONLY | O.DIRECTORY);
  return copyTree(source, target, checkpoint);
}

test("copyTree() keeps contents, owners, modes and times, of directories as well", () => {
  mkdirSync(join(from, "sub/deep"), { recursive: true });
  writeFileSync(join(from, "sub/deep/file"), "content");
  chownSync(join(from, "sub/deep/file"), 1000, 33);
  chmodSync(join(from, "sub/deep/file"), 0o4750);
  chmodSync(join(from, "sub"), 0o2711);
  chownSync(from, 5, 6);
  for (const path of ["sub/deep/file", "sub/deep", "sub", "."]) utimesSync(join(from, path), 1, 1_000_000.5);
  expect(copy()).toEqual({ files: 1, bytes: 7 });
  expect(readFileSync(join(to, "sub/deep/file"), "utf8")).toBe("content");
  for (const path of ["sub/deep/file", "sub/deep", "sub", "."]) {
    const [source, target] = [statSync(join(from, path)), statSync(join(to, path))];
    const facts = ({ mode, uid, gid, mtimeMs }: typeof source) => ({ path, mode, uid, gid, mtimeMs });
    expect(facts(target)).toEqual(facts(source));
  }
});

test("copyTree() copies links as links, never what they lead to", () => {
  symlinkSync("/etc/passwd", join(from, "absolute"));
  symlinkSync("../../..", join(from, "upwards"));
  writeFileSync(join(from, "a"), "x");
  linkSync(join(from, "a"), join(from, "b"));
  copy();
  expect(readlinkSync(join(to, "absolute"))).toBe("/etc/passwd");
  expect(readlinkSync(join(to, "upwards"))).toBe("../../..");
  expect(statSync(join(to, "a")).ino).toBe(statSync(join(to, "b")).ino);
  expect(statSync(join(to, "a")).nlink).toBe(2);
});

test("copyTree() copies fifos, devices and sockets without opening them", () => {
  Bun.spawnSync(["mkfifo", join(from, "fifo")]);
  Bun.spawnSync(["mknod", join(from, "null"), "c", "1", "3"]);
  copy();
  expect(lstatSync(join(to, "fifo")).isFIFO()).toBe(true);
  expect(lstatSync(join(to, "null")).isCharacterDevice()).toBe(true);
  expect(lstatSync(join(to, "null")).rdev).toBe(lstatSync(join(from, "null")).rdev);
});

test("copyTree() keeps extended attributes", () => {
  writeFileSync(join(from, "file"), "");
  const source = openSync(join(from, "file"), "r+");
  setxattr(source, "user.tare", Buffer.from("value"));
  closeSync(source);
  copy();
  const target = openSync(join(to, "file"), "r");
  expect(getXattr(target, "user.tare")?.toString()).toBe("value");
  closeSync(target);
});

test("copyTree() leaves holes out", () => {
  const MIB = 1024 * 1024;
  const file = openSync(join(from, "sparse"), "w");
  ftruncateSync(file, 64 * MIB);
  writeSync(file, "middle", 32 * MIB);
  closeSync(file);
  expect(copy().bytes).toBeLessThan(MIB);
  const { size, blocks } = statSync(join(to, "sparse"));
  expect(size).toBe(64 * MIB);
  expect(blocks * 512).toBeLessThan(MIB);
  const copied = openSync(join(to, "sparse"), "r");
  expect(
    readFileSync(`/proc/self/fd/${copied}`)
      .subarray(32 * MIB, 32 * MIB + 6)
      .toString(),
  ).toBe("middle");
  closeSync(copied);
});

test("copyTree() stops where its checkpoint throws", () => {
  writeFileSync(join(from, "a"), "x");
  writeFileSync(join(from, "b"), "x");
  expect(() =>
    copy(() => {
      throw new Error("enough");
    }),
  ).toThrow("enough");
  expect(existsSync(join(to, "a")) && existsSync(join(to, "b"))).toBe(false);
});

test("copyTree() goes on with a copy that was interrupted, and takes back what has gone since", () => {
  for (const name of ["a", "b", "c"]) writeFileSync(join(from, name), name);
  mkdirSync(join(from, "d"));
  writeFileSync(join(from, "d/e"), "e");
  copy();
  const kept = statSync(join(to, "a")).ino;
  writeFileSync(join(to, "b"), "half");
  rmSync(join(to, "c"));
  rmSync(join(from, "d"), { recursive: true });
  writeFileSync(join(from, "d"), "a file now");
  mkdirSync(join(to, "extra/deep"), { recursive: true });
  expect(copy()).toEqual({ files: 4, bytes: 13 });
  expect(statSync(join(to, "a")).ino).toBe(kept);
  expect(["b", "c", "d"].map((name) => readFileSync(join(to, name), "utf8"))).toEqual(["b", "c", "a file now"]);
  expect(existsSync(join(to, "extra"))).toBe(false);
});

test("copyTree() copies names that are no text", () => {
  const name = Buffer.from([0x66, 0xff, 0xfe]);
  writeFileSync(Buffer.concat([Buffer.from(`${from}/`), name]), "x");
  copy();
  expect(readFileSync(Buffer.concat([Buffer.from(`${to}/`), name]), "utf8")).toBe("x");
});

test("a tree with directories, many files or large ones is no small one", () => {
  const isSmall = (): boolean => {
    using directory = openPath(from, O.RDONLY | O.DIRECTORY);
    return isSmallTree(directory);
  };
  expect(isSmall()).toBe(true);
  writeFileSync(join(from, "a"), "x");
  expect(isSmall()).toBe(true);
  writeFileSync(join(from, "large"), Buffer.alloc(2_000_000));
  expect(isSmall()).toBe(false);
  rmSync(join(from, "large"));
  mkdirSync(join(from, "d"));
  expect(isSmall()).toBe(false);
});
