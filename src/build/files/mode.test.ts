/** `--chmod`, compared with chmod(1) itself. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { chmodSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseMode } from "./mode.ts";

let dir: string;
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), "tare-mode-"));
  writeFileSync(join(dir, "file"), "");
  mkdirSync(join(dir, "directory"));
});
afterAll(() => rmSync(dir, { recursive: true }));

const BEFORE = [0o644, 0o755, 0o600, 0o4711, 0o2750, 0o1777, 0o000];

test.each([
  "u+x",
  "go-rwx",
  "a=r",
  "+x",
  "=rx",
  "u=rwX,go=rX",
  "a+X",
  "u+s",
  "g+s",
  "g-s",
  "+t",
  "o=u",
  "g=u",
  "u=g,o=",
  "ug+rw,o-w",
])("%s does what it does to chmod(1)'s files", (text) => {
  for (const type of ["file", "directory"] as const) {
    for (const before of BEFORE) {
      const path = join(dir, type);
      chmodSync(path, before);
      Bun.spawnSync(["sh", "-c", 'umask 0; exec chmod -- "$0" "$1"', text, path]);
      const expected = (statSync(path).mode & 0o7777).toString(8);
      expect(`${before.toString(8)} ${parseMode(text)(type, before).toString(8)}`).toBe(
        `${before.toString(8)} ${expected}`,
      );
    }
  }
});

test.each([
  ["644", 0o644],
  ["0755", 0o755],
  ["4755", 0o4755],
  ["0", 0],
] as const)("%s is the mode itself", (text, mode) => {
  expect(parseMode(text)("file", 0o777)).toBe(mode);
});
