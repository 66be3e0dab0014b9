import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import {
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { TarReader } from "../../base/tar/reader.ts";
import { type TarMember, writeTar } from "../../base/tar/writer.ts";
import { Unpacker } from "./unpacker.ts";

let base: string;
let root: string;

beforeEach(() => {
  base = mkdtempSync(join(tmpdir(), "tare-unpack-"));
  root = join(base, "layer");
  mkdirSync(root);
  writeFileSync(join(base, "outside"), "untouched", { mode: 0o600 });
});

afterEach(() => rmSync(base, { recursive: true, force: true }));

function unpack(...members: TarMember[]): number {
  using unpacker = new Unpacker(root);
  const reader = new TarReader(unpacker);
  reader.push(writeTar(members));
  reader.close();
  unpacker.finish();
  return unpacker.sizeBytes;
}

const at = (path: string): string => join(root, path);
const text = (path: string): string => readFileSync(at(path), "utf8");
const file = (name: string, data = "data", more: Partial<TarMember> = {}): TarMember => ({
  type: "file",
  name,
  data: Buffer.from(data),
  ...more,
});
/** "name=value" of every attribute, sorted. */
const xattrs = (path: string): string => {
  const script = "import os,sys; p=sys.argv[1]; print(*sorted(f'{n}={os.getxattr(p,n)}' for n in os.listxattr(p)))";
  return Bun.spawnSync(["python3", "-c", script, at(path)])
    .stdout.toString()
    .trim();
};
const isWhiteout = (path: string): boolean => {
  const stats = lstatSync(at(path));
  return stats.isCharacterDevice() && stats.rdev === 0;
};

describe("Unpacker makes", () => {
  test("files with owner, mode, time and set-user-id bit", () => {
    unpack(file("bin/su", "x", { mode: 0o4755, uid: 12, gid: 70_000, mtimeSec: 1_000_000_000 }));
    const stats = lstatSync(at("bin/su"));
    expect(stats.mode & 0o7777).toBe(0o4755);
    expect([stats.uid, stats.gid, stats.mtimeMs]).toEqual([12, 70_000, 1_000_000_000_000]);
  });

  test("directories whose times survive being filled, and implied ones with mode 0755", () => {
    unpack(
      { type: "directory", name: "./", mode: 0o750, mtimeSec: 5 },
      { type: "directory", name: "d/", mode: 0o1777, mtimeSec: 7 },
      file("d/f"),
      file("implied/deep/f"),
    );
    expect(lstatSync(root).mode & 0o7777).toBe(0o750);
    expect(lstatSync(root).mtimeMs).toBe(5000);
    expect(lstatSync(at("d")).mode & 0o7777).toBe(0o1777);
    expect(lstatSync(at("d")).mtimeMs).toBe(7000);
    expect(lstatSync(at("implied/deep")).mode & 0o7777).toBe(0o755);
  });

  test("symbolic links with their own owner and time, hard links, devices and fifos", () => {
    unpack(
      { type: "symlink", name: "l", linkName: "/etc/passwd", uid: 5, mtimeSec: 9 },
      file("a"),
      { type: "link", name: "b", linkName: "/a" },
      { type: "char", name: "null", major: 1, minor: 3, mode: 0o666 },
      { type: "block", name: "disk", major: 259, minor: 300, mode: 0o600 },
      { type: "fifo", name: "pipe", mode: 0o622 },
    );
    expect(readlinkSync(at("l"))).toBe("/etc/passwd");
    expect([lstatSync(at("l")).uid, lstatSync(at("l")).mtimeMs]).toEqual([5, 9000]);
    expect(lstatSync(at("a")).ino).toBe(lstatSync(at("b")).ino);
    expect(lstatSync(at("null")).isCharacterDevice()).toBe(true);
    expect(lstatSync(at("null")).rdev).toBe(0x103);
    expect(lstatSync(at("null")).mode & 0o777).toBe(0o666);
    expect(lstatSync(at("disk")).isBlockDevice()).toBe(true);
    expect(lstatSync(at("pipe")).isFIFO()).toBe(true);
  });

  test("names of any bytes", () => {
    unpack(file("ok", "x", { pax: { path: Buffer.from([0x66, 0xff, 0xfe]) } }));
    expect(readdirSync(root, { encoding: "buffer" })).toEqual([Buffer.from([0x66, 0xff, 0xfe])]);
  });

  test("what the last entry of a name says", () => {
    unpack(
      file("x", "first"),
      file("x", "second"),
      { type: "directory", name: "y/" },
      file("y/inner"),
      file("y", "now a file"),
      file("z", "a file"),
      { type: "directory", name: "z/" },
      file("z/inner"),
    );
    expect([text("x"), text("y"), text("z/inner")]).toEqual(["second", "now a file", "data"]);
  });

  test("entries through a link of the layer itself, also after it was replaced", () => {
    unpack(
      { type: "directory", name: "usr/lib/" },
      { type: "symlink", name: "lib", linkName: "usr/lib" },
      file("lib/one"),
      { type: "symlink", name: "abs", linkName: "/usr/lib" },
      file("abs/two"),
      file("usr", "gone"),
      { type: "directory", name: "lib" },
      file("lib/three"),
    );
    expect(text("usr")).toBe("gone");
    expect(readdirSync(at("lib"))).toEqual(["three"]);
  });

  test("a count of bytes as Docker counts: files and link targets", () => {
    expect(
      unpack(file("a", "12345"), { type: "symlink", name: "l", linkName: "abc" }, { type: "directory", name: "d/" }),
    ).toBe(8);
  });
});

describe("Unpacker keeps inside the layer", () => {
  test.each([
    ["an absolute name", [file("/abs/f")], "abs/f"],
    ["a name with dot-dot", [file("../../../f")], "f"],
    ["dot-dot in the middle", [file("a/../../b/f")], "b/f"],
    ["a link to outside as a directory", [{ type: "symlink", name: "up", linkName: "../.." }, file("up/f")], "f"],
    ["an absolute link as a directory", [{ type: "symlink", name: "abs", linkName: "/" }, file("abs/f")], "f"],
  ] satisfies [string, TarMember[], string][])("%s", (_what, members, path) => {
    unpack(...members);
    expect(text(path)).toBe("data");
    expect(readdirSync(base).sort()).toEqual(["layer", "outside"]);
  });

  test("a file that would be written through a link to outside replaces the link", () => {
    unpack({ type: "symlink", name: "l", linkName: join(base, "outside") }, file("l", "mine", { mode: 0o777 }));
    expect(text("l")).toBe("mine");
    expect(readFileSync(join(base, "outside"), "utf8")).toBe("untouched");
    expect(lstatSync(join(base, "outside")).mode & 0o777).toBe(0o600);
  });

  test.each([
    ["a hard link to outside", { type: "link", name: "h", linkName: "../outside" }],
    ["a hard link with an absolute target outside", { type: "link", name: "h", linkName: "/outside" }],
    ["a hard link through a link to outside", { type: "link", name: "h", linkName: "esc/outside" }],
  ] satisfies [string, TarMember][])("refuses %s", (_what, member) => {
    expect(() => unpack({ type: "symlink", name: "esc", linkName: base }, member)).toThrow("no such file or directory");
    expect(lstatSync(join(base, "outside")).nlink).toBe(1);
  });

  test("a link swapped in by somebody else while unpacking leads nowhere", () => {
    using unpacker = new Unpacker(root);
    const reader = new TarReader(unpacker);
    const tar = writeTar([
      { type: "directory", name: "d/" },
      file("d/f"),
      { type: "directory", name: "e/" },
      file("d/g"),
    ]);
    reader.push(tar.subarray(0, 2048));
    rmSync(at("d"), { recursive: true });
    symlinkSync(base, at("d"));
    expect(() => reader.push(tar.subarray(2048))).toThrow();
    expect(existsSync(join(base, "g"))).toBe(false);
  });
});

describe("Unpacker reads whiteouts", () => {
  test("as overlayfs writes them", () => {
    unpack({ type: "directory", name: "d/" }, file("d/.wh.gone", ""), file("o/.wh..wh..opq", ""), file("o/new"));
    expect(isWhiteout("d/gone")).toBe(true);
    expect(xattrs("o")).toBe("trusted.overlay.opaque=b'y'");
    expect(readdirSync(at("o"))).toEqual(["new"]);
  });

  test.each([
    ["before", [file(".wh.d", ""), { type: "directory", name: "d/" }, file("d/f")]],
    ["after", [{ type: "directory", name: "d/" }, file("d/f"), file(".wh.d", "")]],
  ] satisfies [string, TarMember[]][])("of a directory that the layer has too, said %s it", (_when, members) => {
    unpack(...members);
    expect(readdirSync(at("d"))).toEqual(["f"]);
    expect(xattrs("d")).toBe("trusted.overlay.opaque=b'y'");
  });

  test("of a file that the layer has too: the file stays", () => {
    unpack(file("f"), file(".wh.f", ""));
    expect(text("f")).toBe("data");
  });

  test("and ignores what aufs left", () => {
    unpack(file(".wh..wh.plnk", ""), file(".wh..wh.orph/x"));
    expect(readdirSync(root)).toEqual([]);
  });

  test.each([".wh.", ".wh..", ".wh...", "d/.wh...", ".wh.d/f", ".wh.../f"])("and refuses %s", (name) => {
    expect(() => unpack(file(name, ""))).toThrow("invalid whiteout");
    expect(lstatSync(join(base, "outside")).isFile()).toBe(true);
  });
});

describe("Unpacker takes from an archive", () => {
  test("capabilities and the user's attributes, but none of overlayfs's", () => {
    const capability = Buffer.from("0100000200040000000000000000000000000000", "hex");
    const pax = {
      "SCHILY.xattr.security.capability": capability,
      "SCHILY.xattr.user.mine": "1",
      "SCHILY.xattr.trusted.overlay.redirect": "/etc",
      "SCHILY.xattr.trusted.mine": "1",
      "SCHILY.xattr.user.overlay.opaque": "y",
    };
    unpack(file("f", "x", { pax, uid: 3 }), {
      type: "directory",
      name: "d/",
      pax: { "SCHILY.xattr.trusted.overlay.opaque": "y" },
    });
    expect(xattrs("f")).toMatch(/^security\.capability=\S.* user\.mine=b'1'$/);
    expect(xattrs("d")).toBe("");
  });

  test("no device 0:0, which would hide a lower file", () => {
    unpack({ type: "char", name: "passwd", major: 0, minor: 0 }, file("f"));
    expect(readdirSync(root)).toEqual(["f"]);
  });
});
