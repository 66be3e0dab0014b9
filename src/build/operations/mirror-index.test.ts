import { afterEach, beforeEach, expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { listDigest } from "../../wire/file-transfer.ts";
import { readIndex, removeIndex, writeIndex } from "./mirror-index.ts";

const ENTRIES = new Map([
  ["a", "file 420 0 0 1"],
  ["ä/b", "symlink 511 0 0 0"],
]);

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "tare-mirror-"));
});
afterEach(() => rmSync(dir, { recursive: true }));

test("an index that was written is read again", () => {
  const { generation } = writeIndex(dir, ENTRIES);
  const read = readIndex(dir);
  expect(read).toMatchObject({ generation, digest: listDigest(ENTRIES) });
  expect(read?.entries()).toEqual(ENTRIES);
});

test("each time that it is written is another generation", () => {
  expect(writeIndex(dir, ENTRIES).generation).not.toBe(writeIndex(dir, ENTRIES).generation);
});

test("there is none once it is removed, whatever is left of it", () => {
  writeIndex(dir, ENTRIES);
  removeIndex(dir);
  expect(readIndex(dir)).toBeUndefined();
});

test.each([
  ["without its list", (): void => rmSync(join(dir, "entries.json"))],
  ["that was cut off", (): void => writeFileSync(join(dir, "index.json"), '{"generation":"x"')],
])("one %s is none", (_, damage) => {
  writeIndex(dir, ENTRIES);
  damage();
  expect(readIndex(dir)).toBeUndefined();
});
