import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { TarError } from "../../base/tar/entry.ts";
import { TarReader } from "../../base/tar/reader.ts";
import { type TarMember, writeTar } from "../../base/tar/writer.ts";
import { DEFAULT_LIMITS } from "../archive/limits.ts";
import { Inexpressible } from "./erofs/layout.ts";
import { writeErofs } from "./erofs/write.ts";
import { layerPlace } from "./layer-file.ts";
import { listTree } from "./listing.ts";
import { openLayers } from "./testing.ts";
import { DirectoryNode, type LayerTree } from "./tree.ts";
import { TreeBuilder } from "./tree-builder.ts";

const file = (name: string, more: Partial<TarMember> = {}): TarMember => ({ type: "file", name, ...more });
const xattr = (name: string, value: string | Uint8Array): Partial<TarMember> => ({
  pax: { [`SCHILY.xattr.${name}`]: value },
});

function build(tar: Uint8Array, limits = {}): LayerTree {
  const tree = new TreeBuilder({ ...DEFAULT_LIMITS, ...limits });
  const reader = new TarReader(tree, DEFAULT_LIMITS);
  reader.push(tar);
  reader.close();
  tree.finish();
  return tree;
}

describe("TreeBuilder refuses", () => {
  test.each<[string, TarMember[], string]>([
    ...[".wh.", ".wh..", ".wh...", "d/.wh...", ".wh.d/f", ".wh.../f"].map((name): [string, TarMember[], string] => [
      `the whiteout ${name}`,
      [file(name)],
      "invalid whiteout",
    ]),
    ["a name longer than any file system takes", [file("n".repeat(256))], "file name too long"],
    ["such a name of an implied directory", [file(`${"n".repeat(256)}/f`)], "file name too long"],
    ["a symbolic link without a target", [{ type: "symlink", name: "l" }], "without a target"],
    ["a hard link without a target", [{ type: "link", name: "l", linkName: "/" }], "invalid hard link"],
    [
      "a hard link to a directory",
      [
        { type: "directory", name: "d" },
        { type: "link", name: "l", linkName: "d" },
      ],
      "to a directory",
    ],
    ["a directory below a file", [file("f"), file("f/g")], "not a directory"],
    [
      "links that lead in circles",
      [{ type: "symlink", name: "a", linkName: "b" }, { type: "symlink", name: "b", linkName: "a" }, file("a/f")],
      "too many levels of symbolic links",
    ],
    ["a device that no kernel has", [{ type: "char", name: "c", major: 4096, minor: 0 }], "out of range"],
    ["a capability of another length", [file("f", xattr("security.capability", "xx"))], "invalid extended attribute"],
    [
      "an access control list in pieces",
      [file("f", xattr("system.posix_acl_access", "\x02\0\0\0abc"))],
      "invalid extended attribute",
    ],
    [
      "an attribute larger than any may be",
      [file("f", xattr("user.big", "v".repeat(70_000)))],
      "invalid extended attribute",
    ],
  ])("%s", (_what, members, message) => {
    expect(() => build(writeTar(members))).toThrow(message);
  });

  test.each<[string, TarMember[], { maxEntries?: number; maxIndexBytes?: number }, string]>([
    ["directories that names imply", [file("a/b/c/d/e/f")], { maxEntries: 5 }, "more than 5 entries"],
    [
      "names",
      Array.from({ length: 20 }, (_, at) => file(`${"n".repeat(200)}${at}`)),
      { maxIndexBytes: 4000 },
      "larger than 4000 bytes",
    ],
    ["attributes", [file("f", xattr("user.a", "v".repeat(5000)))], { maxIndexBytes: 4000 }, "larger than 4000 bytes"],
    [
      "targets",
      [{ type: "symlink", name: "l", linkName: "t".repeat(4000) }],
      { maxIndexBytes: 4000 },
      "larger than 4000 bytes",
    ],
  ])("more than its share of %s", (_what, members, limits, message) => {
    expect(() => build(writeTar(members), limits)).toThrow(message);
  });

  test("a tree deeper than paths can be, made with links as stairs", () => {
    const deep = "d/".repeat(1500);
    const members: TarMember[] = [
      { type: "symlink", name: "stairs", linkName: deep },
      file(`${deep}f`),
      file(`stairs/${"e/".repeat(1000)}f`),
    ];
    expect(() => build(writeTar(members))).toThrow("file name too long");
  });
});

/** A tar with something of everything. */
const RICH: readonly TarMember[] = [
  { type: "directory", name: "./", mode: 0o755 },
  { type: "directory", name: "d/", ...xattr("user.a", "value") },
  file("d/f", { data: Buffer.alloc(1500, 7), mode: 0o4755 }),
  { type: "link", name: "d/g", linkName: "d/f" },
  { type: "symlink", name: "s", linkName: "d" },
  file("s/through"),
  file("d/.wh.gone"),
  file("o/.wh..wh..opq"),
  { type: "char", name: "null", major: 1, minor: 3 },
  file("holes", {
    data: Buffer.alloc(1024, 1),
    pax: { "GNU.sparse.size": "10240", "GNU.sparse.map": "512,512,8192,512" },
  }),
  file("n".repeat(150), { data: Buffer.alloc(600, 2) }),
];

const place = (tar: Uint8Array) => layerPlace({ diffId: `sha256:${"1".repeat(64)}`, tarBytes: tar.length });

/** Some bytes of it changed, and its end cut off somewhere; headers get right sums again, or hardly any would be read. */
const damaged = fc
  .record({
    changes: fc.array(fc.tuple(fc.nat(16_000), fc.integer({ min: 0, max: 255 })), { maxLength: 8 }),
    length: fc.nat(32),
  })
  .map(({ changes, length }) => {
    const tar = Buffer.from(writeTar(RICH));
    for (const [at, byte] of changes) if (at < tar.length) tar[at] = byte;
    for (let at = 0; at + 512 <= tar.length; at += 512)
      if (tar.toString("latin1", at + 257, at + 262) === "ustar") seal(tar, at);
    return tar.subarray(0, tar.length - length * 512);
  });

function seal(tar: Buffer, at: number): void {
  tar.write("        ", at + 148);
  const sum = tar.subarray(at, at + 512).reduce((total, byte) => total + byte, 0);
  tar.write(`${sum.toString(8).padStart(6, "0")}\0 `, at + 148);
}

test("any bytes become a layer's index or are refused as a bad archive", () => {
  let made = 0;
  fc.assert(
    fc.property(damaged, (tar) => {
      try {
        writeErofs(build(tar, { maxEntries: 10_000 }), place(tar));
        made += 1;
      } catch (error) {
        expect(error instanceof TarError || error instanceof Inexpressible).toBe(true);
      }
    }),
    { numRuns: 1500 },
  );
  expect(made).toBeGreaterThan(100);
});

test("the kernel reads every file of what it is given, however the archive was damaged", async () => {
  await using layers = openLayers();
  await fc.assert(
    fc.asyncProperty(damaged, async (tar) => {
      try {
        const diffId = await layers.add(tar);
        for (const lower of layers.store.lowers([diffId])) listTree(lower);
        expect(await layers.store.verify(diffId, { signal: new AbortController().signal })).toBeUndefined();
        await layers.store.collect(new Set());
      } catch (error) {
        expect(error).toMatchObject({ kind: "invalidParameter" });
      }
    }),
    { numRuns: 60 },
  );
}, 60_000);

test("the same archive makes the same index, whatever the order of memory", () => {
  const tar = writeTar(RICH);
  const [one, other] = [writeErofs(build(tar), place(tar)), writeErofs(build(tar), place(tar))];
  expect(one.metadata.equals(other.metadata)).toBe(true);
  expect(one.superblock.equals(other.superblock)).toBe(true);
  expect(build(tar).root).toBeInstanceOf(DirectoryNode);
});
