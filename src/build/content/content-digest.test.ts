import { afterEach, beforeEach, expect, test } from "bun:test";
import {
  chmodSync,
  cpSync,
  lchownSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  renameSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { contentDigest } from "./content-digest.ts";
import { MissingPath } from "./select.ts";

let dir: string;
const at = (path: string): string => join(dir, "tree", path);

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "tare-digest-"));
  mkdirSync(at("src/deep"), { recursive: true });
  writeFileSync(at("src/a"), "alpha");
  writeFileSync(at("src/deep/b"), "beta");
  symlinkSync("a", at("src/link"));
  writeFileSync(at("other"), "elsewhere");
});
afterEach(() => rmSync(dir, { recursive: true }));

const digestOf = (
  paths: readonly string[] = ["/src"],
  options: { wildcards?: boolean; exclude?: string[] } = {},
): string => contentDigest(join(dir, "tree"), { paths, wildcards: false, ...options });

/** Whether the digest is another one after the change. */
function misses(change: () => void, ...args: Parameters<typeof digestOf>): boolean {
  const before = digestOf(...args);
  change();
  return digestOf(...args) !== before;
}

test.each([
  ["touching everything", () => utimesSync(at("src/a"), 1, 1)],
  ["another file beside it", () => writeFileSync(at("other"), "changed")],
  [
    "a copy in another directory",
    () => {
      cpSync(at(""), join(dir, "clone"), { recursive: true, verbatimSymlinks: true });
      renameSync(join(dir, "tree"), join(dir, "gone"));
      renameSync(join(dir, "clone"), join(dir, "tree"));
    },
  ],
  ["a hard link that is made to a file", () => linkSync(at("src/a"), join(dir, "linked"))],
  [
    "the same bytes written anew",
    () => {
      rmSync(at("src/a"));
      writeFileSync(at("src/a"), "alpha");
    },
  ],
])("%s changes nothing", (_, change) => {
  expect(misses(change)).toBe(false);
});

test.each([
  ["a byte", () => writeFileSync(at("src/deep/b"), "betb")],
  ["a mode", () => chmodSync(at("src/a"), 0o600)],
  ["a directory's mode", () => chmodSync(at("src/deep"), 0o700)],
  ["an owner", () => lchownSync(at("src/a"), 1, 1)],
  ["a link's owner", () => lchownSync(at("src/link"), 1, 1)],
  [
    "a link's target",
    () => {
      rmSync(at("src/link"));
      symlinkSync("deep/b", at("src/link"));
    },
  ],
  ["a name", () => renameSync(at("src/a"), at("src/c"))],
  ["an empty file more", () => writeFileSync(at("src/new"), "")],
  ["an empty directory more", () => mkdirSync(at("src/new"))],
  [
    "a file in place of a directory",
    () => {
      rmSync(at("src/deep"), { recursive: true });
      writeFileSync(at("src/deep"), "beta");
    },
  ],
  [
    "bytes that move from one file to its neighbour",
    () => {
      writeFileSync(at("src/a"), "alphab");
      writeFileSync(at("src/deep/b"), "eta");
    },
  ],
])("%s counts", (_, change) => {
  expect(misses(change)).toBe(true);
});

test("what is left out does not count, and what is below a directory that is left out", () => {
  const exclude = ["src/deep"];
  expect(misses(() => writeFileSync(at("src/deep/b"), "changed"), ["/"], { exclude })).toBe(false);
  expect(misses(() => writeFileSync(at("src/a"), "changed"), ["/"], { exclude })).toBe(true);
});

test("of a pattern only what it matches counts", () => {
  expect(misses(() => writeFileSync(at("other"), "changed"), ["/s*"], { wildcards: true })).toBe(false);
  expect(misses(() => mkdirSync(at("surplus")), ["/s*"], { wildcards: true })).toBe(true);
});

test("a link on the way is followed inside the tree", () => {
  symlinkSync("/src", at("way"));
  expect(misses(() => writeFileSync(at("src/deep/b"), "changed"), ["/way/deep"])).toBe(true);
  symlinkSync("/../../../../../etc", at("out"));
  expect(() => digestOf(["/out/passwd"])).toThrow(MissingPath);
});

test("a path that is not there is missing", () => {
  expect(() => digestOf(["/nothing"])).toThrow(MissingPath);
});
