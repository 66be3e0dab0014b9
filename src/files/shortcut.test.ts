import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { randomBytes } from "node:crypto";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { openedSince, openFiles } from "../../test/harness/descriptors.ts";
import { lendChunked, socketPair } from "../../test/harness/sockets.ts";
import { TarReader } from "../base/tar/reader.ts";
import { writeTar } from "../base/tar/writer.ts";
import { openPath } from "../kernel/at.ts";
import { encodeChunk, LAST_CHUNK } from "../wire/http1-body.ts";
import { Shortcut } from "./shortcut.ts";
import { FileThreads } from "./threads/threads.ts";
import { ARCHIVE_LIMITS, TreeUnpacker } from "./unpack.ts";
import { TreeView } from "./view.ts";

const MIB = 1 << 20;
let base: string;
beforeEach(() => {
  base = mkdtempSync(join(tmpdir(), "tare-shortcut-"));
  mkdirSync(join(base, "to"));
});
afterEach(() => rmSync(base, { recursive: true }));

/** The reader of an archive with one file, the archive's header read, and the way past it. */
function begin(data: Uint8Array): { reader: TarReader; shortcut: Shortcut } & AsyncDisposable {
  const root = openPath(join(base, "to"));
  const unpacker = new TreeUnpacker(new TreeView(root.fd), { path: "" });
  const reader = new TarReader(unpacker, ARCHIVE_LIMITS);
  const shortcut = new Shortcut(reader, unpacker);
  reader.push(writeTar([{ type: "file", name: "file", data }]).subarray(0, 512));
  const close = async (): Promise<void> => {
    for (const each of [shortcut, unpacker, root]) each[Symbol.dispose]();
  };
  return { reader, shortcut, [Symbol.asyncDispose]: close };
}

describe("the shortcut", () => {
  test("takes a large file's data from the socket, and the reader goes on behind it", async () => {
    const data = randomBytes(MIB);
    await using pair = await socketPair(base);
    await using started = begin(data);
    const { reader, shortcut } = started;
    shortcut.open();
    const { fd, suspend } = pair.far.lending;
    suspend();
    const sent = pair.near.write(data);
    while (shortcut.isFor(fd, MIB)) {
      if (shortcut.move(fd) === undefined) await Bun.sleep(0);
    }
    const rest = reader.dataLeft;
    expect(rest).toBeLessThan(256 * 1024);
    reader.push(data.subarray(MIB - rest));
    pair.far.close();
    await sent.catch(() => undefined);
    reader.push(Buffer.alloc(1024));
    expect(reader.finished).toBe(true);
    expect(readFileSync(join(base, "to/file")).equals(data)).toBe(true);
  });

  test("is for the archive's own bytes only, for long stretches, and not for zeros", async () => {
    await using pair = await socketPair(base);
    await using started = begin(randomBytes(MIB));
    const { shortcut } = started;
    const { fd, suspend } = pair.far.lending;
    suspend();
    await pair.near.write(Buffer.from("not zeros"));
    expect(shortcut.isFor(fd, MIB)).toBe(false);
    shortcut.open();
    expect(shortcut.isFor(fd, MIB)).toBe(true);
    expect(shortcut.isFor(fd, 1000)).toBe(false);
    await using other = await socketPair(join(base, "to"));
    other.far.lending.suspend();
    await other.near.write(Buffer.alloc(100));
    expect(shortcut.isFor(other.far.lending.fd, MIB)).toBe(false);
  });
});

const threads = new FileThreads();

/** Sends an archive in chunks of the given size; the tree it makes is in `to`. */
async function unpackChunked(archive: Uint8Array, chunkBytes: number): Promise<void> {
  await using pair = await socketPair(base);
  const lent = lendChunked(pair.far, []);
  const body = (async function* (): AsyncGenerator<Uint8Array> {})();
  const unpacking = threads.unpack({
    view: { root: join(base, "to") },
    options: { path: "" },
    archive: { body, lendBody: async () => lent },
  });
  for (let at = 0; at < archive.length; at += chunkBytes) {
    await pair.near.write(encodeChunk(archive.subarray(at, at + chunkBytes)));
  }
  await pair.near.write(LAST_CHUNK);
  await unpacking;
}

const noise = randomBytes(2 * MIB + 77);
const gappy = Buffer.concat([noise, Buffer.alloc(8 * MIB), noise, Buffer.alloc(4 * MIB)]);
const ARCHIVE = writeTar([
  { type: "file", name: "noise", data: noise },
  { type: "file", name: "gappy", data: gappy },
  { type: "file", name: "small", data: Buffer.from("small") },
]);

test.each([30_000, 300_000, 1_000_000, ARCHIVE.length])(
  "files arrive whole in chunks of %d bytes, and zeros become holes",
  async (chunkBytes) => {
    await unpackChunked(writeTar([]), chunkBytes);
    const before = openFiles();
    await unpackChunked(ARCHIVE, chunkBytes);
    expect(readFileSync(join(base, "to/noise")).equals(noise)).toBe(true);
    expect(readFileSync(join(base, "to/gappy")).equals(gappy)).toBe(true);
    expect(readFileSync(join(base, "to/small"), "utf8")).toBe("small");
    expect(statSync(join(base, "to/gappy")).blocks * 512).toBeLessThan(6 * MIB);
    expect(openedSince(before)).toBeEmpty();
  },
);

test("files of a compressed archive arrive whole", async () => {
  await unpackChunked(gzipSync(ARCHIVE, { level: 1 }), 1_000_000);
  expect(readFileSync(join(base, "to/gappy")).equals(gappy)).toBe(true);
});

test("a file map's stretches are filled each in its place", async () => {
  writeFileSync(join(base, "gappy"), "");
  const script = `truncate -s 20M gappy && for at in 1 9 17; do dd if=noise of=gappy bs=1M seek=$at conv=notrunc status=none; done`;
  writeFileSync(join(base, "noise"), noise);
  expect(Bun.spawnSync(["sh", "-c", script], { cwd: base }).exitCode).toBe(0);
  const tar = Bun.spawnSync(["tar", "-C", base, "--sparse", "-c", "gappy"]).stdout;
  expect(tar.length).toBeLessThan(7 * MIB);
  await unpackChunked(tar, tar.length);
  expect(Bun.spawnSync(["cmp", "gappy", "to/gappy"], { cwd: base }).exitCode).toBe(0);
});
