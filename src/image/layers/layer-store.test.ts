import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { type TarMember, writeTar } from "../../base/tar/writer.ts";
import { readBytes } from "../../files/file-bytes.ts";
import { umount } from "../../kernel/mounts.ts";
import { overlayMount } from "../../kernel/overlay.ts";
import type { Digest } from "../reference.ts";
import { TAR_OFFSET } from "./layer-file.ts";
import { openLayers, type TestLayers } from "./testing.ts";

const NEVER = new AbortController().signal;
const file = (name: string, data = name, more: Partial<TarMember> = {}): TarMember => ({
  type: "file",
  name,
  data: Buffer.from(data),
  ...more,
});
const link = (name: string, linkName: string): TarMember => ({ type: "link", name, linkName });

let layers: TestLayers;

beforeEach(() => {
  layers = openLayers();
});

afterEach(() => layers[Symbol.asyncDispose]());

const names = (folder: string): string[] => readdirSync(`${layers.dir}/images/${folder}`);
const layerFile = (diffId: Digest): string => `${layers.dir}/images/layers/${diffId.slice(7)}/layer`;

/** Runs `look` on the merged files of a stack. */
function inRoot(diffIds: readonly Digest[], look: (root: string) => void): void {
  const [target, upper, work] = ["m", "u", "w"].map((name) => `${layers.dir}/${name}`) as [string, string, string];
  for (const path of [target, upper, work]) mkdirSync(path, { recursive: true });
  overlayMount({ lowers: layers.store.lowers(diffIds), upper, work, target });
  try {
    look(target);
  } finally {
    umount(target);
  }
}

describe("tar()", () => {
  test("is the layer's tar byte for byte, padding and what follows the end mark included", async () => {
    const tar = Buffer.concat([writeTar([file("a"), file("b")]), Buffer.alloc(9000), Buffer.from("rest")]);
    const diffId = await layers.add(tar);
    expect(readBytes(layers.store.tar(diffId)).equals(tar)).toBe(true);
  });

  test("of a layer that is not there is an error", () => {
    expect(() => layers.store.tar(`sha256:${"0".repeat(64)}` as Digest)).toThrow("No such layer");
  });
});

describe("links to files of lower layers", () => {
  const BASE = [file("d/a", "lower", { mode: 0o4750, uid: 7, pax: { mtime: "5.5" } }), file("d/b")];

  test("have the file's bytes and attributes, and are one file with it", async () => {
    const stack = [await layers.add(BASE), await layers.add([link("e/x", "d/a"), link("e/y", "e/x"), file("e/own")])];
    await layers.store.complete(stack);
    inRoot(stack, (root) => {
      expect(readFileSync(`${root}/e/x`, "utf8")).toBe("lower");
      const [a, x, y] = ["d/a", "e/x", "e/y"].map((name) => statSync(`${root}/${name}`));
      expect(x).toMatchObject({ mode: 0o104750, uid: 7, mtimeMs: 5500, nlink: 3 });
      expect([x?.ino, y?.ino]).toEqual([a?.ino, a?.ino]);
      expect(readdirSync(`${root}/e`).sort()).toEqual(["own", "x", "y"]);
      expect(readFileSync(`${root}/d/b`, "utf8")).toBe("d/b");
    });
  });

  test("belong to the stack: another file below makes another link", async () => {
    const top = await layers.add([link("x", "d/a")]);
    const stacks = [
      [await layers.add(BASE), top],
      [await layers.add([file("d/a", "other")]), top],
    ];
    for (const stack of stacks) await layers.store.complete(stack);
    const seen: string[] = [];
    for (const stack of stacks) inRoot(stack, (root) => seen.push(readFileSync(`${root}/x`, "utf8")));
    expect(seen).toEqual(["lower", "other"]);
  });

  test("are refused when there is no such file, and nothing is left of it", async () => {
    const stack = [await layers.add(BASE), await layers.add([link("x", "d/missing")])];
    await expect(layers.store.complete(stack)).rejects.toMatchObject({ kind: "invalidParameter" });
    expect([names("stacks"), names("tmp")]).toEqual([[], []]);
  });

  test("give way to a later entry of that name, and go with their layers", async () => {
    const stack = [await layers.add(BASE), await layers.add([link("x", "d/a"), file("x", "own"), link("z", "d/a")])];
    await layers.store.complete(stack);
    inRoot(stack, (root) => expect(readFileSync(`${root}/x`, "utf8")).toBe("own"));
    await layers.store.collect(new Set(stack.slice(1)));
    expect([names("stacks"), names("layers")]).toEqual([[], stack.slice(1).map((diffId) => diffId.slice(7))]);
  });
});

describe("verify()", () => {
  const damage = (path: string, at: number): void => {
    const fd = openSync(path, "r+");
    writeSync(fd, Buffer.from("!"), 0, 1, at);
    closeSync(fd);
  };

  test("finds nothing wrong with a layer as it was stored", async () => {
    expect(await layers.store.verify(await layers.add([file("a")]), { signal: NEVER })).toBeUndefined();
  });

  test("finds a changed byte of the tar, of the index, and of what stands before them", async () => {
    const [one, other, third] = [
      await layers.add([file("a")]),
      await layers.add([file("b")]),
      await layers.add([file("c")]),
    ];
    damage(layerFile(one), TAR_OFFSET + 513);
    damage(layerFile(third), 3);
    damage(layerFile(other), statSync(layerFile(other)).size - 8);
    expect(await layers.store.verify(one, { signal: NEVER })).toContain("its bytes are those of sha256:");
    expect(await layers.store.verify(other, { signal: NEVER })).toBe("its index has changed");
    expect(await layers.reopen().store.verify(third, { signal: NEVER })).toBe("its head has changed");
  });

  test("finds a layer that is gone; a condemned one is, and can be stored anew", async () => {
    const diffId = await layers.add([file("a")]);
    await layers.store.condemn(diffId);
    expect(await layers.store.verify(diffId, { signal: NEVER })).toBe("it is not there");
    expect(await layers.add([file("a")])).toBe(diffId);
    expect(await layers.store.verify(diffId, { signal: NEVER })).toBeUndefined();
  });
});

describe("a source that grows", () => {
  /** Tells of a file's bytes step by step, appending them as it goes. */
  async function* growing(path: string, bytes: Uint8Array, step: number): AsyncGenerator<number> {
    writeFileSync(path, "");
    for (let at = 0; at < bytes.length; at += step) {
      writeFileSync(path, bytes.subarray(at, at + step), { flag: "a" });
      yield Math.min(at + step, bytes.length);
      await Bun.sleep(0);
    }
  }

  test.each([
    ["plain", (tar: Buffer) => tar],
    ["gzip", (tar: Buffer) => Bun.gzipSync(new Uint8Array(tar))],
    ["zstd", (tar: Buffer) => Bun.zstdCompressSync(tar)],
  ])("is taken in while it arrives: %s", async (_kind, pack) => {
    const tar = writeTar(Array.from({ length: 50 }, (_, at) => file(`f${at}`, "x".repeat(at * 100))));
    const bytes = pack(tar);
    const path = layers.store.temporary();
    const staged = await layers.store.stage({ source: { path, available: growing(path, bytes, 7) }, signal: NEVER });
    const sha256 = (of: Uint8Array): string => `sha256:${new Bun.CryptoHasher("sha256").update(of).digest("hex")}`;
    expect([staged.diffId, staged.digest, staged.tarBytes]).toEqual([
      sha256(tar) as Digest,
      sha256(bytes) as Digest,
      tar.length,
    ]);
  });

  test("that fails is the layer's failure, and leaves nothing", async () => {
    const path = layers.store.temporary();
    async function* cut(): AsyncGenerator<number> {
      writeFileSync(path, writeTar([file("a")]).subarray(0, 700));
      yield 700;
      throw new Error("connection lost");
    }
    await expect(layers.store.stage({ source: { path, available: cut() }, signal: NEVER })).rejects.toThrow(
      "connection lost",
    );
    rmSync(path);
    expect(names("tmp")).toEqual([]);
  });

  test("can be left at any moment", async () => {
    const path = layers.store.temporary();
    const abort = new AbortController();
    async function* stuck(): AsyncGenerator<number> {
      writeFileSync(path, writeTar([file("a")]));
      yield 600;
      abort.abort(new Error("nobody wants it"));
      await new Promise(() => undefined);
    }
    const staging = layers.store.stage({ source: { path, available: stuck() }, signal: abort.signal });
    await expect(staging).rejects.toThrow("nobody wants it");
    rmSync(path);
    expect(names("tmp")).toEqual([]);
  });
});

describe("where layers cannot be mounted any more", () => {
  test("their files are written out at the next start", async () => {
    const diffId = await layers.add([file("a", "kept")]);
    await layers.store.close();
    layers = layers.reopen(["none"]);
    await layers.store.sweep();
    const [lower = ""] = layers.store.lowers([diffId]);
    expect(lower).not.toContain("/proc/");
    expect(readFileSync(`${lower}/a`, "utf8")).toBe("kept");
  });

  test("and a tar that has no EROFS form is extracted anywhere, between layers that are mounted", async () => {
    // A hole that begins in the middle of a block.
    const sparse = file("holes", "12345", {
      pax: { "GNU.sparse.size": "2000", "GNU.sparse.map": "100,5" },
    });
    const stack = [await layers.add([file("a")]), await layers.add([sparse]), await layers.add([file("c")])];
    inRoot(stack, (root) => {
      expect(readdirSync(root).sort()).toEqual(["a", "c", "holes"]);
      expect(readFileSync(`${root}/holes`).subarray(98, 108).toString("latin1")).toBe("\0\x0012345\0\0\0");
      expect(statSync(`${root}/holes`).size).toBe(2000);
    });
    expect(layers.store.lowers(stack).map((path) => path.startsWith("/proc/"))).toEqual([true, false, true]);
  });
});

test("a layer that two pulls bring at once is stored once", async () => {
  const tar = writeTar([file("a")]);
  const staged = await Promise.all([layers.stage(tar), layers.stage(tar)]);
  await Promise.all(staged.map((one) => layers.store.commit([one])));
  expect([names("layers").length, names("tmp").length]).toEqual([1, 0]);
});

test("what is pinned outlives a collection, and its space is free once it is let go", async () => {
  const diffId = await layers.add([file("a")]);
  const unpin = layers.store.pin([diffId]);
  layers.store.lowers([diffId]);
  await layers.store.collect(new Set());
  expect(layers.store.has(diffId)).toBe(true);
  unpin();
  await layers.store.collect(new Set());
  expect([layers.store.has(diffId), existsSync(layerFile(diffId))]).toEqual([false, false]);
});

test("collections that run beside pulls take nothing that a pull has brought or counts on", async () => {
  const shared = await layers.add([file("shared")]);
  // Held as by the images that pulls find there already.
  const unpin = layers.store.pin([shared]);
  const used = new Set<Digest>();
  let pulling = true;
  const collecting = (async () => {
    while (pulling) {
      await layers.store.collect(used);
      await Bun.sleep(0);
    }
  })();
  const pull = async (at: number): Promise<void> => {
    const staged = await layers.stage(writeTar([file(`of pull ${at}`)]));
    const release = layers.store.pin([staged.diffId, shared]);
    await layers.store.commit([staged]);
    await layers.store.complete([shared, staged.diffId]);
    for (const diffId of [shared, staged.diffId]) used.add(diffId);
    release();
  };
  await Promise.all(Array.from({ length: 20 }, (_, at) => pull(at))).finally(() => {
    pulling = false;
  });
  await collecting;
  unpin();
  await layers.store.collect(used);
  expect(names("layers")).toHaveLength(21);
  for (const diffId of used) expect(await layers.store.verify(diffId, { signal: NEVER })).toBeUndefined();
});

test("five hundred layers make one root", async () => {
  const stack: Digest[] = [];
  for (let at = 0; at < 500; at++) stack.push(await layers.add([file(`f${at}`), file("all", String(at))]));
  inRoot(stack, (root) => {
    expect(readdirSync(root)).toHaveLength(501);
    expect(readFileSync(`${root}/all`, "utf8")).toBe("499");
  });
}, 60_000);
