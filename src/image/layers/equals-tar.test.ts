/** Trees of every kind of file, packed by GNU tar in its formats: a layer shows what `tar x` makes of the same archive. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { ftruncateSync, linkSync, mkdirSync, mkdtempSync, rmSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import {
  fchmod,
  fchown,
  fchownat,
  futimens,
  makedev,
  mkdirat,
  mknodat,
  openat,
  openPath,
  setxattr,
  symlinkat,
  utimensat,
} from "../../kernel/at.ts";
import type { OwnedFd } from "../../kernel/fd.ts";
import { O } from "../../kernel/open-flags.ts";
import { listTree } from "./listing.ts";
import { openLayers, type TestLayers } from "./testing.ts";

const SIZES = [0, 1, 511, 512, 513, 4096, 70_001] as const;
const FORMATS: readonly (readonly string[])[] = [
  ["--format=gnu"],
  ["--format=gnu", "--sparse"],
  ["--format=posix", "--xattrs", "--xattrs-include=*"],
  ["--format=posix", "--xattrs", "--xattrs-include=*", "--sparse", "--sparse-version=1.0"],
  ["--format=posix", "--sparse", "--sparse-version=0.1"],
  ["--format=posix", "--sparse", "--sparse-version=0.0"],
];

type Kind = "file" | "holes" | "directory" | "symlink" | "link" | "fifo" | "char" | "block";

interface Spec {
  readonly kind: Kind;
  readonly name: Uint8Array;
  readonly parent: number;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly mtimeNs: bigint;
  readonly size: number;
  readonly attribute: string;
}

const name = fc
  .uint8Array({ minLength: 1, maxLength: 120 })
  .map((bytes) => bytes.map((byte) => (byte === 0 || byte === 0x2f ? 0x61 : byte)))
  .filter((bytes) => !/^\.{1,2}$|^\.wh\./.test(Buffer.from(bytes).toString("latin1")));
const id = fc.oneof(fc.nat(70_000), fc.integer({ min: 0x7fff_fff0, max: 0xffff_fffe }));

const spec: fc.Arbitrary<Spec> = fc.record({
  kind: fc.constantFrom<Kind>(
    "file",
    "file",
    "file",
    "holes",
    "directory",
    "directory",
    "symlink",
    "link",
    "fifo",
    "char",
    "block",
  ),
  name,
  parent: fc.nat(30),
  mode: fc.integer({ min: 0, max: 0o7777 }),
  uid: id,
  gid: id,
  mtimeNs: fc.bigInt({ min: -(10n ** 18n), max: 4n * 10n ** 18n }),
  size: fc.constantFrom(...SIZES),
  attribute: fc.string({ maxLength: 20 }),
});

let base: string;
let layers: TestLayers;

beforeAll(() => {
  base = mkdtempSync(join(tmpdir(), "tare-equals-"));
  layers = openLayers();
});

afterAll(async () => {
  await layers[Symbol.asyncDispose]();
  rmSync(base, { recursive: true });
});

const RANDOM = Buffer.from(Array.from({ length: 70_001 }, (_, at) => (at * 7919) >> 3));

/** Makes what the specifications say below `root`; a name that is taken is not taken again. */
function makeTree(root: string, specs: readonly Spec[]): void {
  mkdirSync(root);
  const directories: Buffer[] = [Buffer.from(root)];
  const files: Buffer[] = [];
  const later: (() => void)[] = [];
  for (const each of specs) {
    const parentPath = directories[each.parent % directories.length] ?? Buffer.from(root);
    const path = Buffer.concat([parentPath, Buffer.from("/"), each.name]);
    using parent = openPath(parentPath);
    try {
      make(parent, each, files.at(-1));
    } catch (error) {
      if (!(error instanceof Error) || !("code" in error) || error.code !== "EEXIST") throw error;
      continue;
    }
    if (each.kind === "directory") {
      directories.push(path);
      later.push(() => stamp(path, each));
    }
    if (each.kind === "file") files.push(path);
  }
  for (const step of later.reverse()) step();
}

function make(parent: OwnedFd, each: Spec, linked: Buffer | undefined): void {
  const { kind, name: text, uid, gid, mtimeNs } = each;
  if (kind === "directory") return mkdirat(parent.fd, text, 0o700);
  if (kind === "link" && linked !== undefined)
    return linkSync(linked, Buffer.concat([Buffer.from(`${parent.procPath}/`), text]));
  if (kind === "symlink") {
    symlinkat(`${each.attribute.replaceAll("\0", "")}x`.repeat(1 + (each.size % 300)).slice(0, 4000), parent.fd, text);
    fchownat(parent.fd, text, uid, gid);
    return utimensat(parent.fd, text, mtimeNs, mtimeNs);
  }
  if (kind === "file" || kind === "holes" || kind === "link") {
    using file = openat(parent.fd, text, O.WRONLY | O.CREAT | O.EXCL, 0o600);
    if (kind === "holes") fillWithHoles(file.fd, each.size);
    else writeSync(file.fd, RANDOM.subarray(0, each.size));
    return own(file, each);
  }
  const type = { fifo: 0o010000, char: 0o020000, block: 0o060000 }[kind];
  mknodat(parent.fd, text, type | 0o600, kind === "fifo" ? 0n : makedev(1 + (each.size % 4000), each.parent));
  using node = openat(parent.fd, text, O.PATH);
  own(node, { ...each, attribute: "" });
}

/** Data at the start, in the middle and at the end, at whole blocks of the file system. */
function fillWithHoles(fd: number, size: number): void {
  ftruncateSync(fd, 40 * 65_536 + size);
  for (const at of [0, 3 * 65_536, 7 * 65_536 + 4096]) writeSync(fd, RANDOM.subarray(0, 4096), 0, 4096, at);
}

function stamp(path: Buffer, each: Spec): void {
  using directory = openPath(path, O.RDONLY | O.DIRECTORY);
  own(directory, each);
}

function own(file: OwnedFd, { uid, gid, mode, mtimeNs, attribute }: Spec): void {
  fchown(file.fd, uid, gid);
  fchmod(file.fd, mode);
  if (attribute !== "") setxattr(file.fd, "user.test", Buffer.from(attribute));
  futimens(file.fd, mtimeNs, mtimeNs);
}

function run(...argv: string[]): void {
  const { exitCode, stderr } = Bun.spawnSync(argv);
  if (exitCode !== 0) throw new Error(`${argv.join(" ")}: ${stderr.toString()}`);
}

test.each(FORMATS.map((format) => [format.join(" "), format] as const))(
  "tar %s",
  async (_name, format) => {
    await fc.assert(
      fc.asyncProperty(fc.array(spec, { minLength: 1, maxLength: 40 }), async (specs) => {
        const [made, extracted, archive] = [join(base, "made"), join(base, "extracted"), join(base, "archive.tar")];
        for (const path of [made, extracted]) rmSync(path, { recursive: true, force: true });
        makeTree(made, specs);
        run("tar", "-C", made, ...format, "-cf", archive, ".");
        mkdirSync(extracted);
        run("tar", "-C", extracted, "--xattrs", "--xattrs-include=*", "--numeric-owner", "-xpf", archive);
        const diffId = await layers.add(await Bun.file(archive).bytes());
        const [mounted = ""] = layers.store.lowers([diffId]);
        const expected = listTree(extracted);
        expect(listTree(mounted)).toEqual(expected);
        await layers.store.collect(new Set());
      }),
      { numRuns: 12 },
    );
  },
  30_000,
);
