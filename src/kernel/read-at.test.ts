import { afterEach, beforeEach, expect, test } from "bun:test";
import {
  chmodSync,
  chownSync,
  closeSync,
  ftruncateSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import { openat, openPath, setxattrat, utimensat } from "./at.ts";
import type { OwnedFd } from "./fd.ts";
import { O } from "./open-flags.ts";
import { countEntries, getXattr, listXattrs, nextData, readLink, statAt, statFd } from "./read-at.ts";

let path: string;
let root: OwnedFd;

beforeEach(() => {
  path = mkdtempSync(join("/var/tmp", "tare-read-at-"));
  root = openPath(path);
});

afterEach(() => {
  root.close();
  rmSync(path, { recursive: true });
});

test("statAt() tells everything about a file", () => {
  writeFileSync(join(path, "f"), "12345");
  chownSync(join(path, "f"), 4_000_000_000, 7);
  chmodSync(join(path, "f"), 0o4751);
  utimesSync(join(path, "f"), 1, 1_700_000_000.25);
  linkSync(join(path, "f"), join(path, "g"));
  const expected = statSync(join(path, "f"), { bigint: true });
  expect(statAt(root.fd, "f")).toEqual({
    type: "file",
    mode: 0o4751,
    uid: 4_000_000_000,
    gid: 7,
    size: 5,
    allocated: 4096,
    links: 2,
    inode: expected.ino,
    device: `${expected.dev >> 8n}:${expected.dev & 0xffn}`,
    mtimeSec: 1_700_000_000,
    mtimeNsec: 250_000_000,
    major: 0,
    minor: 0,
  });
});

test("statAt() does not follow links, and tells devices, times before 1970 and bytes that are no text", () => {
  symlinkSync("/etc", join(path, "link"));
  expect(statAt(root.fd, "link").type).toBe("symlink");
  mkdirSync(join(path, "old"));
  utimensat(root.fd, "old", 0n, -1_500_000_000n);
  expect(statAt(root.fd, "old")).toMatchObject({ mtimeSec: -2, mtimeNsec: 500_000_000 });
  using dev = openPath("/dev");
  expect(statAt(dev.fd, "null")).toMatchObject({ type: "char", major: 1, minor: 3 });
  expect(() => statAt(root.fd, new Uint8Array([0xff]))).toThrow("no such file or directory");
  expect(() => statAt(root.fd, "é\0")).toThrow("contains a NUL byte");
  expect(() => statAt(root.fd, "x".repeat(5000))).toThrow("too long");
});

test("readLink() reads a link that is held open", () => {
  const target = "x".repeat(3000);
  symlinkSync(target, join(path, "link"));
  using link = openat(root.fd, "link", O.PATH);
  expect(statFd(link.fd).type).toBe("symlink");
  expect(readLink(link.fd)).toBe(target);
});

test("listXattrs() and getXattr() read attributes of any bytes", () => {
  writeFileSync(join(path, "f"), "");
  setxattrat(root.fd, "f", "user.a", Buffer.from([0, 255]));
  setxattrat(root.fd, "f", "trusted.b", new Uint8Array());
  using file = openat(root.fd, "f", O.RDONLY);
  expect(listXattrs(file.fd).sort()).toEqual(["trusted.b", "user.a"]);
  expect(getXattr(file.fd, "user.a")).toEqual(Buffer.from([0, 255]));
  expect(getXattr(file.fd, "trusted.b")).toEqual(Buffer.alloc(0));
  expect(getXattr(file.fd, "user.none")).toBeUndefined();
  using proc = openPath("/proc/self/stat", O.RDONLY);
  expect(listXattrs(proc.fd)).toEqual([]);
});

test("nextData() goes from one stretch of data to the next", () => {
  const fd = openSync(join(path, "f"), "w+");
  writeSync(fd, "x", 1 << 20);
  ftruncateSync(fd, 4 << 20);
  expect(nextData(fd, 0)).toEqual({ start: 1 << 20, end: (1 << 20) + 4096 });
  expect(nextData(fd, 2 << 20)).toBeUndefined();
  closeSync(fd);
});

test("countEntries() counts no further than it is asked to, hidden names included, the directory itself not", () => {
  const count = (most: number): number => {
    using opened = openPath(path, O.RDONLY | O.DIRECTORY);
    return countEntries(opened.fd, most);
  };
  expect(count(5)).toBe(0);
  for (const name of [".a", "..b", "...", "c"]) writeFileSync(join(path, name), "");
  expect([count(3), count(4), count(5)]).toEqual([3, 4, 4]);
  for (let number = 0; number < 300; number++) writeFileSync(join(path, `a rather long name ${number}`), "");
  expect(count(1000)).toBe(304);
});
