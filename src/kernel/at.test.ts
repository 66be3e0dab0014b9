import { afterEach, beforeEach, expect, test } from "bun:test";
import {
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as at from "./at.ts";
import { SysError } from "./errno.ts";
import type { OwnedFd } from "./fd.ts";
import { check, cstr, libc } from "./ffi.ts";
import { O } from "./open-flags.ts";

let path: string;
let root: OwnedFd;

beforeEach(() => {
  path = mkdtempSync(join(tmpdir(), "tare-at-"));
  root = at.openPath(path);
});

afterEach(() => {
  root.close();
  rmSync(path, { recursive: true });
});

const lib = libc({ lgetxattr: { args: ["ptr", "ptr", "ptr", "u64"], returns: "i32" } });

function attribute(file: string, name: string): number[] {
  const value = new Uint8Array(64);
  const [path, key] = [cstr(file), cstr(name)];
  return [
    ...value.subarray(
      0,
      check("lgetxattr", file, () => lib().lgetxattr(path, key, value, value.length)),
    ),
  ];
}

function codeOf(action: () => unknown): string {
  try {
    action();
    return "no error";
  } catch (error) {
    return error instanceof SysError ? error.code : String(error);
  }
}

test.each(["", ".", "..", "a/b", "/", "a\0b"])("a name that is no single component is refused: %j", (name) => {
  expect(codeOf(() => at.mkdirat(root.fd, name))).toBe("EINVAL");
  expect(codeOf(() => at.openat(root.fd, name, O.RDONLY))).toBe("EINVAL");
});

test("openInRoot() keeps absolute links and dot-dot below the root", () => {
  mkdirSync(join(path, "etc"));
  writeFileSync(join(path, "etc/passwd"), "ours");
  symlinkSync("/etc", join(path, "link"));
  using file = at.openInRoot(root.fd, "/../../link/passwd", { flags: O.RDONLY });
  expect(readFileSync(file.fd, "utf8")).toBe("ours");
});

test("openInRoot() refuses magic links, and all links when asked", () => {
  using proc = at.openPath("/proc");
  expect(codeOf(() => at.openInRoot(proc.fd, "self/root/etc"))).toBe("ELOOP");
  symlinkSync("/", join(path, "link"));
  expect(codeOf(() => at.openInRoot(root.fd, "link", { noSymlinks: true }))).toBe("ELOOP");
});

test("openat() makes a file of any bytes as name and never opens through a link", () => {
  const name = new Uint8Array([0xff, 0xfe, 0x20]);
  using file = at.openat(root.fd, name, O.WRONLY | O.CREAT | O.EXCL, 0o600);
  writeSync(file.fd, "x");
  expect(lstatSync(Buffer.concat([Buffer.from(`${path}/`), name])).size).toBe(1);
  symlinkSync("/etc/passwd", join(path, "link"));
  expect(codeOf(() => at.openat(root.fd, "link", O.RDONLY))).toBe("ELOOP");
  expect(codeOf(() => at.openat(root.fd, name, O.WRONLY | O.CREAT | O.EXCL))).toBe("EEXIST");
});

test("owner, mode and times are set to the digit, on links too", () => {
  at.mkdirat(root.fd, "dir", 0o700);
  at.symlinkat("nowhere", root.fd, "link");
  at.fchownat(root.fd, "link", 4_000_000_000, 7);
  at.utimensat(root.fd, "link", 1n, -1_500_000_000n);
  using dir = at.openat(root.fd, "dir", O.PATH);
  at.fchown(dir.fd, 5, 6);
  at.fchmod(dir.fd, 0o2751);
  at.futimens(dir.fd, 1n, 1_700_000_000_123_456_789n);
  const link = lstatSync(join(path, "link"), { bigint: true });
  expect([link.uid, link.gid, link.mtimeNs]).toEqual([4_000_000_000n, 7n, -1_500_000_000n]);
  const stat = lstatSync(join(path, "dir"), { bigint: true });
  expect([stat.uid, stat.gid, stat.mode & 0o7777n, stat.mtimeNs]).toEqual([
    5n,
    6n,
    0o2751n,
    1_700_000_000_123_456_789n,
  ]);
});

test("links, renames and removals work by directory and name", () => {
  writeFileSync(join(path, "a"), "1");
  at.linkat(root.fd, "a", root.fd, "b");
  at.renameat(root.fd, "b", root.fd, "c");
  at.symlinkat("c", root.fd, "s");
  expect(lstatSync(join(path, "c")).nlink).toBe(2);
  expect(readlinkSync(join(path, "s"))).toBe("c");
  at.unlinkat(root.fd, "c");
  at.mkdirat(root.fd, "d");
  at.unlinkat(root.fd, "d", { directory: true });
  expect(codeOf(() => at.unlinkat(root.fd, "d"))).toBe("ENOENT");
});

test("a device node carries its number", () => {
  at.mknodat(root.fd, "null", 0o020666, at.makedev(1, 3));
  at.mknodat(root.fd, "fifo", 0o010644);
  expect(lstatSync(join(path, "null")).rdev).toBe(lstatSync("/dev/null").rdev);
  expect(lstatSync(join(path, "fifo")).isFIFO()).toBe(true);
});

test("extended attributes are set on files by name and descriptor, on links, and may be empty", () => {
  writeFileSync(join(path, "f"), "");
  symlinkSync("f", join(path, "s"));
  at.setxattrat(root.fd, "f", "trusted.one", Buffer.from([0, 255]));
  at.setxattrat(root.fd, "s", "trusted.two", Buffer.from("x"));
  at.setxattrat(root.fd, "f", "trusted.three", new Uint8Array());
  expect(attribute(join(path, "f"), "trusted.one")).toEqual([0, 255]);
  expect(attribute(join(path, "f"), "trusted.three")).toEqual([]);
  expect(attribute(join(path, "s"), "trusted.two")).toEqual([0x78]);
});
