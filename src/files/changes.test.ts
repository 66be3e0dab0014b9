import { afterEach, beforeEach, expect, test } from "bun:test";
import { chmodSync, mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { openPath } from "../kernel/at.ts";
import { umountIfMounted } from "../kernel/mounts.ts";
import { overlayMount } from "../kernel/overlay.ts";
import { treeChanges } from "./changes.ts";
import { TreeView } from "./view.ts";

let base: string;
let merged: string;

beforeEach(() => {
  base = mkdtempSync(join("/var/tmp", "tare-changes-"));
  for (const name of ["lower/d/sub", "lower/other", "upper", "work", "merged"]) {
    mkdirSync(join(base, name), { recursive: true });
  }
  for (const name of ["d/f", "d/g", "d/sub/deep", "other/f", "top"]) writeFileSync(join(base, "lower", name), name);
  merged = join(base, "merged");
  overlayMount({
    lowers: [join(base, "lower")],
    upper: join(base, "upper"),
    work: join(base, "work"),
    target: merged,
  });
});

afterEach(() => {
  umountIfMounted(merged);
  rmSync(base, { recursive: true });
});

const LETTERS = { modified: "C", added: "A", deleted: "D" } as const;

function changes(): string[] {
  using upper = openPath(join(base, "upper"));
  using lower = openPath(join(base, "lower"));
  return treeChanges(new TreeView(upper.fd), new TreeView(lower.fd)).map(
    ({ path, kind }) => `${LETTERS[kind]} ${path}`,
  );
}

test("nothing is changed at first", () => {
  expect(changes()).toEqual([]);
});

test("a change tells the directories above it as well, each before what is in it", () => {
  writeFileSync(join(merged, "d/sub/deep"), "other");
  writeFileSync(join(merged, "new"), "");
  mkdirSync(join(merged, "made/below"), { recursive: true });
  expect(changes()).toEqual(["C /d", "C /d/sub", "C /d/sub/deep", "A /made", "A /made/below", "A /new"]);
});

test("what is deleted is told once, with nothing of what was in it", () => {
  rmSync(join(merged, "d"), { recursive: true });
  rmSync(join(merged, "top"));
  expect(changes()).toEqual(["D /d", "D /top"]);
});

test("a directory that was made anew has lost what it had", () => {
  rmSync(join(merged, "d"), { recursive: true });
  mkdirSync(join(merged, "d"));
  writeFileSync(join(merged, "d/f"), "new");
  expect(changes()).toEqual(["C /d", "C /d/f", "D /d/g", "D /d/sub"]);
});

test("a directory in place of a file, and a file in place of a directory", () => {
  rmSync(join(merged, "top"));
  mkdirSync(join(merged, "top"));
  writeFileSync(join(merged, "top/f"), "");
  rmSync(join(merged, "other"), { recursive: true });
  symlinkSync("d", join(merged, "other"));
  expect(changes()).toEqual(["C /other", "C /top", "A /top/f"]);
});

test("what was touched and is the same again is no change", () => {
  writeFileSync(join(merged, "passing"), "");
  rmSync(join(merged, "passing"));
  chmodSync(join(merged, "d/f"), 0o600);
  chmodSync(join(merged, "d/f"), 0o644);
  chmodSync(join(merged, "other"), 0o755);
  expect(changes()).toEqual([]);
});

test("modes, times, sizes and names are changes", () => {
  chmodSync(join(merged, "d/f"), 0o600);
  utimesSync(join(merged, "d/g"), 1, 1);
  chmodSync(join(merged, "other"), 0o700);
  renameSync(join(merged, "top"), join(merged, "renamed"));
  expect(changes()).toEqual(["C /d", "C /d/f", "C /d/g", "C /other", "A /renamed", "D /top"]);
});
