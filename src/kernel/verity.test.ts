import { expect, test } from "bun:test";
import { closeSync, mkdtempSync, openSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { enableVerity } from "./verity.ts";

const canBeWritten = (path: string): boolean => {
  try {
    closeSync(openSync(path, "r+"));
    return true;
  } catch {
    return false;
  }
};

test("a file is sealed exactly where the file system says that it has done so, and its bytes are the same", () => {
  const dir = mkdtempSync(join(tmpdir(), "tare-verity-"));
  const path = join(dir, "file");
  writeFileSync(path, "content");
  expect(enableVerity(path)).toBe(!canBeWritten(path));
  rmSync(dir, { recursive: true });
});

test("a file that is not there is an error", () => {
  expect(() => enableVerity("/nonexistent")).toThrow("no such file or directory");
});
