import { afterAll, beforeAll, expect, test } from "bun:test";
import { closeSync, ftruncateSync, mkdtempSync, openSync, rmSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TarEntry } from "./entry.ts";
import { TarReader } from "./reader.ts";

const SIZE = 40 * 2 ** 20;
/** More segments than any header has room for. */
const OFFSETS = Array.from({ length: 60 }, (_, at) => at * 2 ** 19 + 8192);
let dir: string;

beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), "tare-sparse-"));
  const fd = openSync(join(dir, "holes"), "w");
  ftruncateSync(fd, SIZE);
  for (const offset of OFFSETS) writeSync(fd, Buffer.alloc(4096, offset % 251), 0, 4096, offset);
  closeSync(fd);
});

afterAll(() => rmSync(dir, { recursive: true }));

function tar(...format: string[]): Buffer {
  const { stdout, exitCode } = Bun.spawnSync([
    "tar",
    "-C",
    dir,
    "--sparse",
    "--hole-detection=raw",
    ...format,
    "-c",
    "holes",
  ]);
  expect(exitCode).toBe(0);
  return stdout;
}

function read(archive: Buffer, takesSparse = true): { entries: TarEntry[]; data: Buffer } {
  const entries: TarEntry[] = [];
  const chunks: Uint8Array[] = [];
  const reader = new TarReader({
    takesSparse,
    entry: (entry) => entries.push(entry),
    data: (chunk) => chunks.push(Buffer.from(chunk)),
    end: () => undefined,
  });
  for (let at = 0; at < archive.length; at += 1000) reader.push(archive.subarray(at, at + 1000));
  reader.close();
  return { entries, data: Buffer.concat(chunks) };
}

test.each([
  ["the old type", ["--format=gnu"]],
  ["extended headers of version 0.0", ["--format=posix", "--sparse-version=0.0"]],
  ["extended headers of version 0.1", ["--format=posix", "--sparse-version=0.1"]],
  ["a map before the data, version 1.0", ["--format=posix", "--sparse-version=1.0"]],
])("a file with holes in %s is read with its name, size, map and data", (_way, format) => {
  const archive = tar(...format);
  const { entries, data } = read(archive);
  expect(entries).toHaveLength(1);
  const [entry] = entries;
  expect(entry).toMatchObject({ type: "file", name: "holes", size: data.length, sparse: { size: SIZE } });
  const expected = Buffer.alloc(SIZE);
  for (const offset of OFFSETS) expected.fill(offset % 251, offset, offset + 4096);
  const actual = Buffer.alloc(SIZE);
  let at = 0;
  for (const { offset, length } of entry?.sparse?.segments ?? []) {
    data.copy(actual, offset, at, at + length);
    at += length;
  }
  expect(actual.equals(expected)).toBe(true);
  expect(archive.subarray(entry?.offset, (entry?.offset ?? 0) + data.length).equals(data)).toBe(true);
});

test("a handler that knows nothing of holes sees none", () => {
  expect(() => read(tar("--format=gnu"), false)).toThrow("sparse file in archive is not supported: holes");
});

test("a map that does not fit its data is refused", () => {
  const archive = tar("--format=posix", "--sparse-version=0.1");
  const at = archive.indexOf("GNU.sparse.map=8192,4096");
  archive.write("8192,4097", at + "GNU.sparse.map=".length);
  expect(() => read(archive)).toThrow("invalid sparse file");
});
