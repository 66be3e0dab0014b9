import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { bind, tmpfs } from "../test-config.ts";
import { readAccounts } from "./accounts.ts";
import {
  checkDestination,
  checkMountTargets,
  checkRoot,
  checkWorkingDir,
  checkWorkingDirIsNoFile,
} from "./root-check.ts";
import { walkInRoot } from "./root-walk.ts";

const root = mkdtempSync(join(tmpdir(), "tare-root-"));
afterAll(() => rmSync(root, { recursive: true }));

beforeAll(() => {
  mkdirSync(join(root, "a/b"), { recursive: true });
  writeFileSync(join(root, "file"), "");
  symlinkSync("/a/b", join(root, "absolute"));
  symlinkSync("../../../../a", join(root, "climbing"));
  symlinkSync("loop", join(root, "loop"));
  symlinkSync("/proc/self/fd/7", join(root, "a/fd"));
  symlinkSync("a/fd", join(root, "twice"));
  symlinkSync("proc", join(root, "alias"));
  symlinkSync("/", join(root, "top"));
});

test.each([
  ["/", "/"],
  ["/a/./b//", "/a/b"],
  ["/absolute/c", "/a/b/c"],
  ["/climbing/b", "/a/b"],
  ["/a/b/../../../..", "/"],
  ["/missing/../a", "/a"],
  ["/twice", "/proc/self/fd/7"],
  ["/file/x", "/file/x"],
])("walkInRoot() leads %p to %p", (path, target) => {
  expect(walkInRoot(root, path)).toBe(target);
});

test("walkInRoot() ends on a loop", () => {
  expect(() => walkInRoot(root, "/loop")).toThrow("too many levels of symbolic links");
});

test.each(["/", "/a", "/missing", "/proc", "/proc/sys", "/absolute"])("the working directory %p is let pass", (cwd) => {
  expect(() => checkWorkingDir(root, cwd)).not.toThrow();
});

test.each([
  "/proc/self/fd/3",
  "/proc/self",
  "/proc/1/cwd",
  "/proc/thread-self/root",
  "//proc/./self/fd/3",
  "/twice",
  "/twice/..",
  "/alias/self/fd/9",
  "rel",
  "",
])("the working directory %p is refused", (cwd) => {
  expect(() => checkWorkingDir(root, cwd)).toThrow(`the working directory '${cwd}' is invalid`);
});

test.each(["/file", "/file/below", "/a/../file"])("the working directory %p is refused, for a file is there", (cwd) => {
  expect(() => checkWorkingDirIsNoFile(root, cwd)).toThrow(`Cannot mkdir: ${cwd} is not a directory`);
});

test.each(["/", "/a", "/missing/too", "/absolute"])("the working directory %p is there or can be made", (cwd) => {
  expect(() => checkWorkingDirIsNoFile(root, cwd)).not.toThrow();
});

test.each(["/proc", "/proc/sys", "/proc/self/attr", "/proc/cpuinfo/x"])("nothing is mounted at %p", (path) => {
  expect(() => checkDestination(path)).toThrow(`"${path}" cannot be mounted because it is inside /proc`);
});

test.each(["/proc/cpuinfo", "/proc/meminfo", "/procx", "/a/proc"])("something may be mounted at %p", (path) => {
  expect(() => checkDestination(path)).not.toThrow();
});

test("a mount target that leads into /proc, or to the root, through the image's links is refused", () => {
  expect(() => checkMountTargets(root, [bind("/tmp", "/alias/sys")])).toThrow('"/proc/sys" cannot be mounted');
  expect(() => checkMountTargets(root, [bind("/tmp", "/top")])).toThrow("destination can't be '/'");
  expect(() => checkMountTargets(root, [bind("/tmp", "/a")])).not.toThrow();
});

test("a mount target that leads into /proc through the links of another mount is refused", () => {
  const volume = join(root, "volume");
  mkdirSync(volume);
  symlinkSync("/proc", join(volume, "link"));
  symlinkSync("elsewhere", join(volume, "harmless"));
  const below = (target: string) => [bind(volume, "/v"), bind("/tmp", target)];
  expect(() => checkMountTargets(root, below("/v/link/sys"))).toThrow('"/proc/sys" cannot be mounted');
  expect(() => checkMountTargets(root, below("/v/harmless/sys"))).not.toThrow();
  expect(() =>
    checkMountTargets(root, [...below("/v/x").slice(0, 1), tmpfs("/v/link2"), bind("/tmp", "/v/link2/x")]),
  ).not.toThrow();
  rmSync(volume, { recursive: true });
});

test.each(["dev", "proc", "sys"])("a root whose /%s is a link, or a file, is refused", (name) => {
  expect(() => checkRoot(root)).not.toThrow();
  symlinkSync("/etc", join(root, name));
  expect(() => checkRoot(root)).toThrow(`invalid image: /${name} is not a directory`);
  rmSync(join(root, name));
  writeFileSync(join(root, name), "");
  expect(() => checkRoot(root)).toThrow(`invalid image: /${name} is not a directory`);
  rmSync(join(root, name));
  mkdirSync(join(root, name));
  expect(() => checkRoot(root)).not.toThrow();
  rmSync(join(root, name), { recursive: true });
});

test("readAccounts() never reads the host's files through an image's link", () => {
  expect(readAccounts(root)).toEqual({ passwd: "", group: "" });
  mkdirSync(join(root, "etc"));
  symlinkSync("/../../../../etc/shadow", join(root, "etc/passwd"));
  symlinkSync("/etc/real", join(root, "etc/group"));
  writeFileSync(join(root, "etc/real"), "wheel:x:10:\n");
  expect(readAccounts(root)).toEqual({ passwd: "", group: "wheel:x:10:\n" });
  rmSync(join(root, "etc"), { recursive: true });
});

test("readAccounts() does not wait for a fifo, nor read a directory", () => {
  mkdirSync(join(root, "etc/group"), { recursive: true });
  Bun.spawnSync(["mkfifo", join(root, "etc/passwd")]);
  expect(readAccounts(root)).toEqual({ passwd: "", group: "" });
  rmSync(join(root, "etc"), { recursive: true });
});
