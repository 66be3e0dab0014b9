import { afterEach, beforeEach, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { attachMount, openTree } from "./mount-api.ts";
import { mountsUnder, parseMountInfo } from "./mountinfo.ts";
import { MNT_DETACH, MS, mount, umount, umountIfMounted } from "./mounts.ts";
import { mountByOptions, overlayMount } from "./overlay.ts";

let root: string;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "tare-overlay-"));
  mount({ source: "tmpfs", target: root, type: "tmpfs" });
});

afterEach(() => {
  for (const { target } of mountsUnder(root)) umount(target, MNT_DETACH);
  rmSync(root, { recursive: true });
});

function directories(...names: string[]): string[] {
  return names.map((name) => {
    const path = join(root, name);
    mkdirSync(path, { recursive: true });
    return path;
  });
}

/** Layers that each hold a file of their own and all hold `who`. */
function layers(count: number): string[] {
  return Array.from({ length: count }, (_, index) => {
    const [path = ""] = directories(`layer, with: odd\\name ${index}`);
    writeFileSync(join(path, `f${index}`), String(index));
    writeFileSync(join(path, "who"), String(index));
    return path;
  });
}

for (const [how, mountOverlay, count] of [
  ["the mount API", overlayMount, 500],
  ["mount(2)", mountByOptions, 180],
] as const) {
  test(`an overlay of ${count} layers shows the uppermost and takes writes, through ${how}`, () => {
    const [upper = "", work = "", target = ""] = directories("upper", "work", "target");
    mountOverlay({ lowers: layers(count), upper, work, target, options: [["volatile"]] });
    expect(readFileSync(join(target, "who"), "utf8")).toBe("0");
    expect(readFileSync(join(target, `f${count - 1}`), "utf8")).toBe(String(count - 1));
    writeFileSync(join(target, "who"), "changed");
    expect(readFileSync(join(upper, "who"), "utf8")).toBe("changed");
    umount(target);
  });
}

test("a refused option is reported with the file system's own words", () => {
  const [target = ""] = directories("target");
  expect(() => overlayMount({ lowers: layers(2), target, options: [["nonsense", "1"]] })).toThrow(
    /fsconfig nonsense=1: invalid argument \(overlay: Unknown parameter 'nonsense'\)/,
  );
});

test("umountIfMounted() says whether something was mounted", () => {
  const [target = ""] = directories("target");
  expect(umountIfMounted(target)).toBe(false);
  expect(umountIfMounted(join(root, "missing"))).toBe(false);
  mount({ source: root, target, flags: MS.BIND });
  expect(umountIfMounted(target)).toBe(true);
  expect(mountsUnder(target)).toEqual([]);
});

test("a tree that was opened is attached elsewhere as a bind mount", () => {
  const [source = "", target = ""] = directories("source", "target with space");
  writeFileSync(join(source, "f"), "here");
  using tree = openTree(source);
  attachMount(tree, target);
  expect(readFileSync(join(target, "f"), "utf8")).toBe("here");
  expect(mountsUnder(target).map((found) => found.target)).toEqual([target]);
});

test("parseMountInfo() reads optional fields and octal escapes", () => {
  const line = String.raw`36 35 98:0 /m\040nt1 /mnt\1342 rw,noatime master:1 shared:2 - ext3 /dev/root rw,errors=continue`;
  expect(parseMountInfo(`${line}\n`)).toEqual([
    {
      id: 36,
      parentId: 35,
      device: "98:0",
      root: "/m nt1",
      target: "/mnt\\2",
      options: "rw,noatime",
      propagation: ["master:1", "shared:2"],
      type: "ext3",
      source: "/dev/root",
      superOptions: "rw,errors=continue",
    },
  ]);
});
