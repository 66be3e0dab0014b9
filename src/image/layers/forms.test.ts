import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { lstatSync, readdirSync, readFileSync, readlinkSync, statSync } from "node:fs";
import type { TarMember } from "../../base/tar/writer.ts";
import type { Backing } from "./support.ts";
import { openLayers, type TestLayers } from "./testing.ts";

const FORMS: readonly (readonly [string, Backing])[] = [
  ["mounted from its file", "file"],
  ["mounted through a loop device", "loop"],
  ["extracted", "none"],
];

let layers: TestLayers;
let root: string;

/** Resolves to what Docker would say the layer weighs. */
async function unpack(...members: readonly TarMember[]): Promise<number> {
  const diffId = await layers.add(members);
  [root = ""] = layers.store.lowers([diffId]);
  return layers.store.sizeOf(diffId);
}

const at = (path: string): string => `${root}/${path}`;
const text = (path: string): string => readFileSync(at(path), "utf8");
const file = (name: string, data = "data", more: Partial<TarMember> = {}): TarMember => ({
  type: "file",
  name,
  data: Buffer.from(data),
  ...more,
});

/** "name=hex" of every attribute, sorted. */
function xattrs(path: string): string[] {
  const { stdout } = Bun.spawnSync([
    "python3",
    "-c",
    "import os,sys\nfor n in sorted(os.listxattr(sys.argv[1])): print(f'{n}={os.getxattr(sys.argv[1], n).hex()}')",
    at(path).replace("/proc/self/", `/proc/${process.pid}/`),
  ]);
  return stdout.toString().split("\n").slice(0, -1);
}

function isWhiteout(path: string): boolean {
  const stats = lstatSync(at(path));
  return stats.isCharacterDevice() && stats.rdev === 0;
}

const OPAQUE = "trusted.overlay.opaque=79";
const MARKED = "trusted.overlay.origin=";

describe.each(FORMS)("a layer %s", (_form, backing) => {
  beforeEach(() => {
    layers = openLayers({ backings: [backing] });
  });

  afterEach(() => layers[Symbol.asyncDispose]());

  test("has files with owner, mode, time and set-user-id bit", async () => {
    await unpack(file("bin/su", "x", { mode: 0o4755, uid: 12, gid: 70_000, mtimeSec: 1_000_000_000 }));
    const stats = lstatSync(at("bin/su"));
    expect(stats.mode & 0o7777).toBe(0o4755);
    expect([stats.uid, stats.gid, stats.mtimeMs]).toEqual([12, 70_000, 1_000_000_000_000]);
  });

  test("has owners of 32 bits, and times before 1970 and finer than a second", async () => {
    await unpack(
      file("old", "x", { uid: 0xffff_fffe, gid: 0x8000_0000, pax: { mtime: "-86400.25" } }),
      file("new", "x", { pax: { mtime: "1700000000.123456789" } }),
    );
    const old = lstatSync(at("old"), { bigint: true });
    expect([old.uid, old.gid, old.mtimeNs]).toEqual([0xffff_fffen, 0x8000_0000n, -86_400_250_000_000n]);
    expect(lstatSync(at("new"), { bigint: true }).mtimeNs).toBe(1_700_000_000_123_456_789n);
  });

  test("has directories whose times survive being filled, and implied ones with mode 0755", async () => {
    await unpack(
      { type: "directory", name: "./", mode: 0o750, mtimeSec: 5 },
      { type: "directory", name: "d/", mode: 0o1777, mtimeSec: 7 },
      file("d/f"),
      file("implied/deep/f"),
    );
    expect(statSync(root).mode & 0o7777).toBe(0o750);
    expect(statSync(root).mtimeMs).toBe(5000);
    expect(lstatSync(at("d")).mode & 0o7777).toBe(0o1777);
    expect(lstatSync(at("d")).mtimeMs).toBe(7000);
    expect(lstatSync(at("implied/deep")).mode & 0o7777).toBe(0o755);
  });

  test("has symbolic links with their own owner and time, hard links, devices and fifos", async () => {
    const long = "x/".repeat(1000);
    await unpack(
      { type: "symlink", name: "l", linkName: "/etc/passwd", uid: 5, mtimeSec: 9 },
      { type: "symlink", name: "long", linkName: long },
      file("a"),
      { type: "link", name: "b", linkName: "/a" },
      { type: "link", name: "hard-l", linkName: "l" },
      { type: "char", name: "null", major: 1, minor: 3, mode: 0o666 },
      { type: "block", name: "disk", major: 259, minor: 300, mode: 0o600 },
      { type: "fifo", name: "pipe", mode: 0o622 },
    );
    expect([readlinkSync(at("l")), readlinkSync(at("long"))]).toEqual(["/etc/passwd", long]);
    expect([lstatSync(at("l")).uid, lstatSync(at("l")).mtimeMs]).toEqual([5, 9000]);
    for (const [one, other] of [
      ["a", "b"],
      ["l", "hard-l"],
    ] as const) {
      expect(lstatSync(at(one)).ino).toBe(lstatSync(at(other)).ino);
      expect(lstatSync(at(one)).nlink).toBe(2);
    }
    expect(lstatSync(at("null")).isCharacterDevice()).toBe(true);
    expect(lstatSync(at("null")).rdev).toBe(0x103);
    expect(lstatSync(at("null")).mode & 0o777).toBe(0o666);
    expect(lstatSync(at("disk")).isBlockDevice()).toBe(true);
    expect(lstatSync(at("disk")).rdev).toBe((259 << 8) | (300 & 0xff) | ((300 & ~0xff) << 12));
    expect(lstatSync(at("pipe")).isFIFO()).toBe(true);
  });

  test("has names of any bytes, and a directory of many in the order the kernel searches", async () => {
    const many = Array.from({ length: 3000 }, (_, number) => `d/${"n".repeat(number % 240)}-${number}`);
    await unpack(
      file("ok", "x", { pax: { path: Buffer.from([0x66, 0xff, 0xfe]) } }),
      ...many.map((name) => file(name, name)),
    );
    expect(readdirSync(root, { encoding: "buffer" })).toContainEqual(Buffer.from([0x66, 0xff, 0xfe]));
    expect(readdirSync(at("d"))).toHaveLength(3000);
    for (const name of many.filter((_, number) => number % 97 === 0)) expect(text(name)).toBe(name);
  });

  test("has what the last entry of a name says", async () => {
    await unpack(
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

  test("takes entries through a link of the layer itself, also after it was replaced", async () => {
    await unpack(
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

  test.each([
    ["an absolute name", [file("/abs/f")], "abs/f"],
    ["a name with dot-dot", [file("../../../f")], "f"],
    ["dot-dot in the middle", [file("a/../../b/f")], "b/f"],
    ["a link to outside as a directory", [{ type: "symlink", name: "up", linkName: "../.." }, file("up/f")], "f"],
    ["an absolute link as a directory", [{ type: "symlink", name: "abs", linkName: "/" }, file("abs/f")], "f"],
    ["a link to outside with the file's name", [{ type: "symlink", name: "f", linkName: "/tmp/f" }, file("f")], "f"],
  ] satisfies [string, TarMember[], string][])("keeps inside: %s", async (_what, members, path) => {
    await unpack(...members);
    expect(text(path)).toBe("data");
    expect(lstatSync(at(path)).isFile()).toBe(true);
    expect(readdirSync(layers.dir)).toEqual(["images"]);
  });

  test("has whiteouts as overlayfs writes them, left out of listings even where nothing is merged", async () => {
    await unpack({ type: "directory", name: "d/" }, file("d/.wh.gone", ""), file("o/.wh..wh..opq", ""), file("o/new"));
    expect(isWhiteout("d/gone")).toBe(true);
    expect(xattrs("d")).toEqual([MARKED]);
    expect(xattrs("o")).toEqual([OPAQUE]);
    expect(readdirSync(at("o"))).toEqual(["new"]);
  });

  test.each([
    ["before it", [file(".wh.d", ""), { type: "directory", name: "d/" }, file("d/f")]],
    ["before it, without an entry for it", [file(".wh.d", ""), file("d/f")]],
    ["after it", [{ type: "directory", name: "d/" }, file("d/f"), file(".wh.d", "")]],
  ] satisfies [string, TarMember[]][])(
    "makes a directory opaque that it has and hides, said %s",
    async (_when, members) => {
      await unpack(...members);
      expect(readdirSync(at("d"))).toEqual(["f"]);
      expect(xattrs("d")).toEqual([OPAQUE]);
    },
  );

  test("keeps a file of its own that it hides below, and ignores what aufs left", async () => {
    await unpack(file("f"), file(".wh.f", ""), file(".wh..wh.plnk", ""), file(".wh..wh.orph/x"));
    expect(text("f")).toBe("data");
    expect(readdirSync(root)).toEqual(["f"]);
  });

  test("has capabilities, access control lists and the user's attributes, but none of overlayfs's", async () => {
    const capability = Buffer.from("0100000200040000000000000000000000000000", "hex");
    const acl = Buffer.from(
      `02000000${"01000600ffffffff"}${"0200040007000000"}${"04000400ffffffff"}${"10000400ffffffff"}${"20000400ffffffff"}`,
      "hex",
    );
    const pax = {
      "SCHILY.xattr.security.capability": capability,
      "SCHILY.xattr.system.posix_acl_access": acl,
      "SCHILY.xattr.user.mine": "1",
      "SCHILY.xattr.trusted.overlay.redirect": "/etc",
      "SCHILY.xattr.trusted.mine": "1",
      "SCHILY.xattr.user.overlay.opaque": "y",
    };
    await unpack(file("f", "x", { pax, uid: 3, mode: 0o644 }), {
      type: "directory",
      name: "d/",
      pax: { "SCHILY.xattr.trusted.overlay.opaque": "y", "SCHILY.xattr.user.big": "v".repeat(3000) },
    });
    expect(xattrs("f")).toEqual([
      `security.capability=${capability.toString("hex")}`,
      `system.posix_acl_access=${acl.toString("hex")}`,
      "user.mine=31",
    ]);
    expect(xattrs("d")).toEqual([`user.big=${"76".repeat(3000)}`]);
  });

  test("has no device 0:0 of the archive's, which would hide a lower file", async () => {
    await unpack({ type: "char", name: "passwd", major: 0, minor: 0 }, file("f"));
    expect(readdirSync(root)).toEqual(["f"]);
  });

  test("weighs what Docker says: bytes of files and of link targets", async () => {
    const link: TarMember = { type: "symlink", name: "l", linkName: "abc" };
    expect(await unpack(file("a", "12345"), link, { type: "directory", name: "d/" })).toBe(8);
  });
});
