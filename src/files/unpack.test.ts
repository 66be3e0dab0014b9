import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { openedSince, openFiles } from "../../test/harness/descriptors.ts";
import { TarReader } from "../base/tar/reader.ts";
import { type TarMember, writeTar } from "../base/tar/writer.ts";
import { openPath } from "../kernel/at.ts";
import { O } from "../kernel/open-flags.ts";
import { listXattrs } from "../kernel/read-at.ts";
import { TreeUnpacker, type UnpackOptions } from "./unpack.ts";
import { openView, type ViewRequest } from "./view-request.ts";

let base: string;
let root: string;

beforeEach(() => {
  base = mkdtempSync(join("/var/tmp", "tare-unpack-"));
  root = join(base, "root");
  mkdirSync(join(root, "in"), { recursive: true });
  mkdirSync(join(base, "outside"));
  writeFileSync(join(base, "outside/precious"), "precious");
});

afterEach(() => rmSync(base, { recursive: true, force: true }));

interface Into extends Partial<UnpackOptions> {
  readonly view?: Partial<ViewRequest>;
}

function unpack(members: readonly TarMember[], { view, ...options }: Into = {}): void {
  using opened = openView({ root, ...view });
  using unpacker = new TreeUnpacker(opened.view, { path: "in", ...options });
  const reader = new TarReader(unpacker);
  reader.push(writeTar(members));
  reader.close();
  unpacker.finish();
}

const file = (name: string, text = name): TarMember => ({ type: "file", name, data: Buffer.from(text) });
const directory = (name: string, more: Partial<TarMember> = {}): TarMember => ({ type: "directory", name, ...more });
const link = (name: string, linkName: string): TarMember => ({ type: "symlink", name, linkName });
const text = (path: string): string => readFileSync(join(root, path), "utf8");

describe("what is there", () => {
  test("is replaced by a file, also when it is a directory with everything in it", () => {
    mkdirSync(join(root, "in/x/full"), { recursive: true });
    unpack([file("x", "new")]);
    expect(text("in/x")).toBe("new");
  });

  test("is replaced, not written to: a link's target and other names of the file keep what they have", () => {
    symlinkSync("../../outside/precious", join(root, "in/x"));
    Bun.spawnSync(["ln", join(base, "outside/precious"), join(root, "in/y")]);
    unpack([file("x", "new"), file("y", "new")]);
    expect(text("in/x") + text("in/y")).toBe("newnew");
    expect(readFileSync(join(base, "outside/precious"), "utf8")).toBe("precious");
  });

  test("is merged with when both are directories, and takes the archive's attributes", () => {
    mkdirSync(join(root, "in/d"));
    writeFileSync(join(root, "in/d/old"), "old");
    unpack([directory("d", { mode: 0o2710, uid: 5, gid: 6, mtimeSec: 1000 }), file("d/new")]);
    expect(readdirSync(join(root, "in/d")).sort()).toEqual(["new", "old"]);
    const { mode, uid, gid, mtimeMs } = statSync(join(root, "in/d"));
    expect([mode & 0o7777, uid, gid, mtimeMs]).toEqual([0o2710, 5, 6, 1_000_000]);
  });

  test("is left alone by an entry that is the directory itself", () => {
    chmodSync(join(root, "in"), 0o711);
    unpack([directory("./", { mode: 0o777 })]);
    expect(statSync(join(root, "in")).mode & 0o777).toBe(0o711);
  });

  test("stays what it is when kinds are to be kept, in Docker's words", () => {
    mkdirSync(join(root, "in/d"));
    writeFileSync(join(root, "in/f"), "");
    expect(() => unpack([file("d")], { keepKinds: true })).toThrow(
      'cannot overwrite directory "d" with non-directory "/in"',
    );
    expect(() => unpack([directory("f")], { keepKinds: true })).toThrow(
      'cannot overwrite non-directory "f" with directory "/in"',
    );
    unpack([file("f", "replaced"), directory("d")], { keepKinds: true });
    expect(text("in/f")).toBe("replaced");
  });

  test("is no directory: something is put in its place where kinds need not be kept", () => {
    symlinkSync("../../outside", join(root, "in/d"));
    unpack([directory("d"), file("d/f")]);
    expect(lstatSync(join(root, "in/d")).isDirectory()).toBe(true);
    expect(readdirSync(join(base, "outside"))).toEqual(["precious"]);
  });
});

test("missing parents are made, for everybody to enter, and follow links within the root", () => {
  symlinkSync("/elsewhere", join(root, "in/link"));
  mkdirSync(join(root, "elsewhere"));
  unpack([file("a/b/c"), file("link/deep/f")]);
  expect(statSync(join(root, "in/a/b")).mode & 0o777).toBe(0o755);
  expect(text("elsewhere/deep/f")).toBe("link/deep/f");
});

test("owners are the archive's, the unpacker's, or one for all", () => {
  const owned = { ...file("f"), uid: 1234, gid: 4321, mode: 0o4755 };
  const ownerOf = (): number[] => {
    const { uid, gid, mode } = statSync(join(root, "in/f"));
    return [uid, gid, mode & 0o7777];
  };
  unpack([owned]);
  expect(ownerOf()).toEqual([1234, 4321, 0o4755]);
  unpack([owned], { owner: "unpacker" });
  expect(ownerOf()).toEqual([0, 0, 0o4755]);
  unpack([owned], { owner: { uid: 7, gid: 8 } });
  expect(ownerOf()).toEqual([7, 8, 0o4755]);
});

test("a directory that its owner may not enter is filled all the same", () => {
  unpack([directory("d", { mode: 0o500 }), file("d/f")], { owner: "unpacker" });
  expect(statSync(join(root, "in/d")).mode & 0o777).toBe(0o500);
});

test("names are given to `rename`, hard links' targets as well", () => {
  const hard: TarMember = { type: "link", name: "old/hard", linkName: "old/f" };
  unpack([directory("old/"), file("old/f"), hard], { rename: (name) => name.replace("old", "new") });
  expect(statSync(join(root, "in/new/f")).nlink).toBe(2);
});

describe("nothing outside is reached by", () => {
  afterEach(() => {
    expect(readdirSync(base).sort()).toEqual(["outside", "root"]);
    expect(readdirSync(join(base, "outside"))).toEqual(["precious"]);
    expect(readFileSync(join(base, "outside/precious"), "utf8")).toBe("precious");
  });

  test.each([
    ["a name above the directory", file("../../outside/f"), 'invalid entry name "../../outside/f"'],
    ["a name that climbs in its middle", file("a/../../f"), 'invalid entry name "a/../../f"'],
    [
      "a hard link to a file above",
      { type: "link", name: "h", linkName: "../../outside/precious" } as const,
      'invalid hardlink "h" -> "../../outside/precious"',
    ],
    ["a hard link to a directory", { type: "link", name: "h", linkName: "." } as const, 'invalid hardlink "h" -> "."'],
  ])("%s", (_what, member, message) => {
    expect(() => unpack([member])).toThrow(message);
  });

  test("an absolute name", () => {
    unpack([file(join(base, "outside/f"))]);
    expect(existsSync(join(root, "in", base, "outside/f"))).toBe(true);
  });

  test("an entry behind a link that the archive has made", () => {
    unpack([link("up", "../../outside"), link("abs", join(base, "outside")), file("abs2/x")]);
    expect(() => unpack([file("up/f")])).toThrow();
    expect(() => unpack([file("abs/f")])).toThrow();
    expect(readlinkSync(join(root, "in/up"))).toBe("../../outside");
  });

  test("a hard link to a link: the link itself gets another name", () => {
    unpack([link("soft", join(base, "outside/precious")), { type: "link", name: "hard", linkName: "soft" }]);
    unpack([file("hard", "evil")]);
    expect(readlinkSync(join(root, "in/soft"))).toBe(join(base, "outside/precious"));
  });

  test("permissions and times for a link", () => {
    unpack([{ ...link("soft", join(base, "outside/precious")), mode: 0o777, uid: 9, mtimeSec: 1 }]);
    const { mode, uid } = statSync(join(base, "outside/precious"));
    expect([mode & 0o777, uid]).toEqual([0o644, 0]);
  });
});

test("overlayfs's own marks are not made", () => {
  const pax = { "SCHILY.xattr.trusted.overlay.opaque": "y", "SCHILY.xattr.user.overlay.opaque": "y" };
  unpack([{ type: "char", name: "whiteout", major: 0, minor: 0 }, { ...directory("d"), pax }, file("d/.wh.x")]);
  expect(readdirSync(join(root, "in"))).toEqual(["d"]);
  using made = openPath(join(root, "in/d"), O.RDONLY);
  expect(listXattrs(made.fd)).toEqual([]);
  expect(text("in/d/.wh.x")).toBe("d/.wh.x");
});

describe("mounts", () => {
  const volume = (readOnly: boolean): Partial<ViewRequest> => ({
    mounts: [{ destination: "/in/vol", source: join(base, "outside"), readOnly }],
  });

  test("are unpacked into", () => {
    unpack([directory("vol"), file("vol/f")], { view: volume(false) });
    expect(readFileSync(join(base, "outside/f"), "utf8")).toBe("vol/f");
    expect(readdirSync(join(root, "in/vol"))).toEqual([]);
  });

  test("that are read-only refuse everything, and so does a read-only root", () => {
    expect(() => unpack([file("vol/f")], { view: volume(true) })).toThrow("read-only file system");
    expect(() => unpack([directory("vol")], { view: volume(true) })).toThrow("read-only file system");
    expect(() => unpack([file("f")], { view: { ...volume(false), readOnly: true } })).toThrow("read-only file system");
    unpack([file("vol/f")], { view: { ...volume(false), readOnly: true } });
    expect(readdirSync(join(base, "outside")).sort()).toEqual(["f", "precious"]);
  });

  test("are not replaced", () => {
    expect(() => unpack([file("vol")], { view: volume(false) })).toThrow("RemoveAll vol: device or resource busy");
  });
});

test("devices and fifos are made with their numbers and modes", () => {
  unpack([
    { type: "char", name: "null", mode: 0o666, major: 1, minor: 3 },
    { type: "block", name: "b", mode: 0o600, major: 7, minor: 300 },
    { type: "fifo", name: "p", mode: 0o640 },
  ]);
  expect(statSync(join(root, "in/null")).rdev).toBe(statSync("/dev/null").rdev);
  expect(lstatSync(join(root, "in/b")).isBlockDevice()).toBe(true);
  expect(lstatSync(join(root, "in/p")).mode & 0o7777).toBe(0o640);
});

test("no descriptor stays open when an archive breaks off", () => {
  const before = openFiles();
  using opened = openView({ root });
  using unpacker = new TreeUnpacker(opened.view, { path: "in" });
  const reader = new TarReader(unpacker);
  reader.push(writeTar([file("d/f", "x".repeat(2000))]).subarray(0, 1000));
  expect(() => reader.close()).toThrow("unexpected EOF");
  unpacker[Symbol.dispose]();
  opened[Symbol.dispose]();
  expect(openedSince(before)).toBeEmpty();
});
