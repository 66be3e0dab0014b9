import { afterEach, beforeEach, expect, test } from "bun:test";
import {
  chmodSync,
  chownSync,
  ftruncateSync,
  linkSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import type { TarEntry } from "../base/tar/entry.ts";
import { DEFAULT_TAR_LIMITS, TarReader } from "../base/tar/reader.ts";
import { makedev, mknodat, openPath, setxattrat } from "../kernel/at.ts";
import { type PackOptions, packTree } from "./pack.ts";
import { TreeUnpacker } from "./unpack.ts";
import { TreeView } from "./view.ts";

let base: string;

beforeEach(() => {
  // Not on tmpfs, whose files have no user.* attributes before Linux 6.6.
  base = mkdtempSync(join("/var/tmp", "tare-pack-"));
  mkdirSync(join(base, "t"));
});

afterEach(() => rmSync(base, { recursive: true, force: true }));

function pack(directory: string, options: PackOptions = {}): Buffer {
  using root = openPath(directory);
  return Buffer.concat([...packTree(new TreeView(root.fd), options)]);
}

/** Entries by name, with their data. */
function read(tar: Uint8Array): Map<string, TarEntry & { readonly data: string }> {
  const found = new Map<string, TarEntry & { readonly data: string }>();
  let current: TarEntry | undefined;
  let data = "";
  const reader = new TarReader({
    entry: (entry) => {
      current = entry;
      data = "";
    },
    data: (chunk) => {
      data += Buffer.from(chunk).toString("latin1");
    },
    end: () => {
      if (current !== undefined) found.set(current.name, { ...current, data });
    },
  });
  reader.push(tar);
  reader.close();
  return found;
}

function unpack(tar: Uint8Array, directory: string): void {
  using root = openPath(directory);
  using unpacker = new TreeUnpacker(new TreeView(root.fd), { path: "" });
  const reader = new TarReader(unpacker, DEFAULT_TAR_LIMITS);
  for (let at = 0; at < tar.length; at += 100_001) reader.push(tar.subarray(at, at + 100_001));
  reader.close();
  unpacker.finish();
}

test("packTree() names entries in order, the directory before what is in it", () => {
  mkdirSync(join(base, "t/b/deep"), { recursive: true });
  writeFileSync(join(base, "t/b/deep/f"), "");
  writeFileSync(join(base, "t/c"), "");
  writeFileSync(join(base, "t/a"), "");
  expect([...read(pack(join(base, "t"))).keys()]).toEqual(["a", "b/", "b/deep/", "b/deep/f", "c"]);
  expect([...read(pack(base, { path: "t/b", name: "as" })).keys()]).toEqual(["as/", "as/deep/", "as/deep/f"]);
  expect([...read(pack(base, { path: "t/a", name: "file" })).keys()]).toEqual(["file"]);
  expect([...read(pack(join(base, "t"), { name: "/" })).keys()].slice(0, 2)).toEqual(["/", "/a"]);
});

test("what was packed comes out the same: kinds, owners, modes, times, attributes, links and devices", () => {
  const at = (path: string): string => join(base, "t", path);
  mkdirSync(at("d"));
  writeFileSync(at("d/file"), "text");
  chownSync(at("d/file"), 4_000_000_000, 77);
  chmodSync(at("d/file"), 0o6755);
  utimesSync(at("d/file"), 1, 1_234_567_890);
  linkSync(at("d/file"), at("hard"));
  symlinkSync("../nowhere", at("d/soft"));
  symlinkSync("x".repeat(200), at("far"));
  writeFileSync(at(`d/${"long".repeat(40)}`), "long");
  writeFileSync(Buffer.concat([Buffer.from(at("d/")), Buffer.from([0xff, 0xe9])]), "not UTF-8");
  {
    using root = openPath(join(base, "t"));
    mknodat(root.fd, "null", 0o020666, makedev(1, 3));
    mknodat(root.fd, "fifo", 0o010640);
    setxattrat(root.fd, "hard", "user.note", Buffer.from([0, 1, 255]));
    setxattrat(root.fd, "hard", "trusted.overlay.opaque", Buffer.from("y"));
  }
  utimesSync(at("d"), 1, 1_000_000_000);
  mkdirSync(join(base, "copy"));
  unpack(pack(join(base, "t")), join(base, "copy"));

  const listing = (tree: string): string =>
    Bun.spawnSync(["find", ".", "-printf", "%p %y %m %U %G %s %T@ %l %n\n"], { cwd: join(base, tree) })
      .stdout.toString("latin1")
      .split("\n")
      .filter((line) => line !== "" && !line.startsWith(". "))
      .map((line) => line.replace(/(\d{9,})\.\d+/, "$1"))
      .sort()
      .join("\n");
  const sizesOfDirectories = /( d \d+ \d+ \d+) \d+/g;
  expect(listing("copy").replace(sizesOfDirectories, "$1")).toBe(listing("t").replace(sizesOfDirectories, "$1"));
  expect(lstatSync(join(base, "copy/null")).rdev).toBe(lstatSync("/dev/null").rdev);
  expect(statSync(join(base, "copy/hard")).ino).toBe(statSync(join(base, "copy/d/file")).ino);
  expect([
    ...(read(pack(join(base, "copy")))
      .get("d/file")
      ?.xattrs.entries() ?? []),
  ]).toEqual([["user.note", Buffer.from([0, 1, 255])]]);
});

test("GNU tar reads what packTree() writes", () => {
  writeFileSync(join(base, "t", "n".repeat(150)), "data".repeat(300_000));
  symlinkSync("t".repeat(150), join(base, "t/link"));
  mkdirSync(join(base, "copy"));
  writeFileSync(join(base, "x.tar"), pack(join(base, "t")));
  const tar = Bun.spawnSync(["tar", "-xf", join(base, "x.tar"), "-C", join(base, "copy")]);
  expect(tar.stderr.toString()).toBe("");
  expect(Bun.spawnSync(["diff", "-r", "--no-dereference", "t", "copy"], { cwd: base }).stdout.toString()).toBe("");
});

test("holes are packed as zeros and are holes again when unpacked", () => {
  const fd = openSync(join(base, "t/sparse"), "w");
  writeSync(fd, "start");
  writeSync(fd, "middle", 20_000_000);
  ftruncateSync(fd, 50_000_003);
  mkdirSync(join(base, "copy"));
  unpack(pack(join(base, "t")), join(base, "copy"));
  const copy = statSync(join(base, "copy/sparse"));
  expect(copy.size).toBe(50_000_003);
  expect(copy.blocks * 512).toBeLessThan(1_000_000);
  expect(Bun.spawnSync(["cmp", "t/sparse", "copy/sparse"], { cwd: base }).exitCode).toBe(0);
});

test("holes that the archive tells of are holes in the file", () => {
  const fd = openSync(join(base, "t/sparse"), "w");
  writeSync(fd, "middle", 20_000_000);
  ftruncateSync(fd, 50_000_003);
  const tar = Bun.spawnSync(["tar", "-C", join(base, "t"), "--sparse", "-c", "sparse"]).stdout;
  mkdirSync(join(base, "copy"));
  unpack(tar, join(base, "copy"));
  expect(statSync(join(base, "copy/sparse")).blocks * 512).toBeLessThan(100_000);
  expect(Bun.spawnSync(["cmp", "t/sparse", "copy/sparse"], { cwd: base }).exitCode).toBe(0);
});

test("an overlay's upper directory is packed as a layer: deletions, opaque directories, nothing of overlayfs itself", () => {
  mkdirSync(join(base, "t/opaque"));
  writeFileSync(join(base, "t/opaque/f"), "");
  {
    using root = openPath(join(base, "t"));
    mknodat(root.fd, "gone", 0o020000, 0n);
    setxattrat(root.fd, "opaque", "trusted.overlay.opaque", Buffer.from("y"));
  }
  const entries = read(pack(join(base, "t"), { layer: true }));
  expect([...entries.keys()]).toEqual([".wh.gone", "opaque/", "opaque/.wh..wh..opq", "opaque/f"]);
  expect(entries.get(".wh.gone")).toMatchObject({ type: "file", size: 0 });
});

test("packTree() leaves sockets out", () => {
  const listener = Bun.listen({ unix: join(base, "t/socket"), socket: { data: () => undefined } });
  writeFileSync(join(base, "t/f"), "");
  expect([...read(pack(join(base, "t"))).keys()]).toEqual(["f"]);
  listener.stop(true);
});

test("packTree() packs what is left of a tree that is deleted meanwhile, and no more of a file than it announced", () => {
  for (let index = 0; index < 50; index++) {
    mkdirSync(join(base, `t/d${index}`));
    writeFileSync(join(base, `t/d${index}/f`), "x".repeat(20_000));
  }
  writeFileSync(join(base, "t/a"), "y".repeat(600_000));
  using root = openPath(join(base, "t"));
  const blocks: Uint8Array[] = [];
  for (const block of packTree(new TreeView(root.fd))) {
    blocks.push(block);
    if (blocks.length > 1) continue;
    writeFileSync(join(base, "t/a"), "");
    for (const name of readdirSync(join(base, "t"))) rmSync(join(base, "t", name), { recursive: true });
  }
  const entries = read(Buffer.concat(blocks));
  expect([...entries.keys()]).toEqual(["a"]);
  expect(entries.get("a")?.data.length).toBe(600_000);
});

test("packTree() opens no device and no fifo", () => {
  Bun.spawnSync(["mkfifo", join(base, "t/fifo")]);
  expect(read(pack(base, { path: "t/fifo", name: "fifo" })).get("fifo")?.type).toBe("fifo");
  expect(() => pack(base, { path: "missing", name: "x" })).toThrow("no such file or directory");
});

test("packTree() packs a tree of any depth that has names", () => {
  let path = "t";
  for (let depth = 0; depth < 300; depth++) path += "/deep";
  mkdirSync(join(base, path), { recursive: true });
  expect(read(pack(base, { path: "t", name: "t" })).size).toBe(301);
});
