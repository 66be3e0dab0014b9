import { afterEach, beforeEach, expect, test } from "bun:test";
import { existsSync, lstatSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createId } from "../base/ids.ts";
import type { TarMember } from "../base/tar/writer.ts";
import { mountsUnder } from "../kernel/mountinfo.ts";
import { umountIfMounted } from "../kernel/mounts.ts";
import { loadImage, openStore, type TestStore } from "./testing.ts";

let store: TestStore;
let target: string;

beforeEach(() => {
  store = openStore();
  target = join(store.dir, "run/rootfs");
});

afterEach(() => {
  for (const mount of mountsUnder(store.dir)) umountIfMounted(mount.target);
  store[Symbol.dispose]();
});

const file = (name: string, text = name): TarMember => ({ type: "file", name, data: Buffer.from(text) });

async function mounted(layers: readonly (readonly TarMember[])[]) {
  const image = await loadImage(store.images, { layers, tags: ["app:1"] });
  const id = createId();
  await store.roots.create(id, image, []);
  store.roots.mount(id, image, target, false);
  return { id, image };
}

/** What is in a root besides what lies below every image. */
function own(path: string): string[] {
  return readdirSync(path)
    .filter((name) => !["dev", "etc", "proc", "sys", ".dockerenv"].includes(name))
    .sort();
}

test("a root shows the upper layers over the lower ones, without what they delete", async () => {
  await mounted([
    [file("a", "old"), file("gone"), file("d/old"), file("kept/old")],
    [file("a", "new"), file(".wh.gone", ""), file("d/.wh..wh..opq", ""), file("d/new"), file("kept/new")],
  ]);
  expect(readFileSync(join(target, "a"), "utf8")).toBe("new");
  expect(own(target)).toEqual(["a", "d", "kept"]);
  expect(readdirSync(join(target, "d"))).toEqual(["new"]);
  expect(readdirSync(join(target, "kept")).sort()).toEqual(["new", "old"]);
});

test("the root directory has the image's owner and mode, everybody inside may enter it, and nobody traverses to it from outside", async () => {
  await mounted([[{ type: "directory", name: "./", mode: 0o1700, uid: 7 }]]);
  expect(statSync(target)).toMatchObject({ uid: 7, gid: 0 });
  expect(statSync(target).mode & 0o7777).toBe(0o1755);
  for (const name of ["roots", "images"]) expect(lstatSync(join(store.dir, name)).mode & 0o077).toBe(0);
});

test("what a container writes is its own, is counted, and goes with it", async () => {
  const { id, image } = await mounted([[file("a", "lower")]]);
  expect(await store.roots.sizeRw(id)).toBe(0);
  writeFileSync(join(target, "mine"), "12345");
  expect(await store.roots.sizeRw(id)).toBe(5);
  store.roots.unmount(target);
  const other = createId();
  await store.roots.create(other, image, []);
  store.roots.mount(other, image, target, false);
  expect(existsSync(join(target, "mine"))).toBe(false);
  store.roots.unmount(target);
  await store.roots.remove(id);
  expect(await store.roots.list()).toEqual([other]);
});

test("mounting, unmounting, creating and removing twice does no harm", async () => {
  const { id, image } = await mounted([[file("a")]]);
  store.roots.mount(id, image, target, false);
  await store.roots.create(id, image, []);
  expect(mountsUnder(target)).toHaveLength(1);
  store.roots.unmount(target);
  store.roots.unmount(target);
  expect(mountsUnder(store.dir)).toEqual([]);
  await store.roots.remove(id);
  await store.roots.remove(id);
  expect(await store.roots.list()).toEqual([]);
});

test("below every image lie the places where a runtime mounts, with what Docker puts there", async () => {
  const { id, image } = await mounted([]);
  const tree = Bun.spawnSync(["find", ".", "-mindepth", "1", "-printf", "%P %m %l\n"], { cwd: target }).stdout;
  expect(
    tree
      .toString()
      .trim()
      .split("\n")
      .map((line) => line.trim())
      .sort(),
  ).toEqual([
    ".dockerenv 755",
    "dev 755",
    "dev/console 755",
    "dev/pts 755",
    "dev/shm 755",
    "etc 755",
    "etc/hostname 755",
    "etc/hosts 755",
    "etc/mtab 777 /proc/mounts",
    "etc/resolv.conf 755",
    "proc 755",
    "sys 755",
  ]);
  expect(readdirSync(store.roots.upper(id))).toEqual([]);
  store.roots.unmount(target);
  store.roots.mountImage(id, image, target);
  expect(readdirSync(target)).toEqual([]);
});

test("what lies below a container is without its changes", async () => {
  const { id, image } = await mounted([[file("a", "image")]]);
  writeFileSync(join(target, "a"), "container");
  store.roots.unmount(target);
  store.roots.mountLower(id, image, target);
  expect(readFileSync(join(target, "a"), "utf8")).toBe("image");
  expect(existsSync(join(target, ".dockerenv"))).toBe(true);
});

test("a root is found again after a restart, and mounts even without its image", async () => {
  const { id, image } = await mounted([[file("a")]]);
  store.roots.unmount(target);
  store = store.reopen();
  await store.images.remove(image, { force: true, noprune: false });
  expect(await store.roots.list()).toEqual([id]);
  store.roots.mount(id, image, target, false);
  expect(readFileSync(join(target, "a"), "utf8")).toBe("a");
});

test("an image that was mounted for a container is mounted again after a restart, even when it is gone, and goes with the container", async () => {
  const other = await loadImage(store.images, { layers: [[file("other")]], tags: ["other:1"] });
  const image = await loadImage(store.images, { layers: [[file("a")]], tags: ["app:1"] });
  const id = createId();
  await store.roots.create(id, image, [other]);
  store = store.reopen();
  await store.images.remove(other, { force: true, noprune: false });
  store.roots.mountImage(id, other, target);
  expect(readdirSync(target)).toEqual(["other"]);
  store.roots.unmount(target);
  const layers = () => readdirSync(join(store.dir, "images/layers")).length;
  expect(layers()).toBe(2);
  await store.roots.remove(id);
  expect(layers()).toBe(1);
  expect(() => store.roots.mountImage(id, other, target)).toThrow("No such image");
});

test("a root that was cut off while being made is made again", async () => {
  const { id, image } = await mounted([[file("a")]]);
  store.roots.unmount(target);
  rmSync(join(store.dir, "roots", id, "layers"));
  store = store.reopen();
  expect(await store.roots.list()).toEqual([id]);
  await store.roots.create(id, image, []);
  store.roots.mount(id, image, target, false);
  expect(own(target)).toEqual(["a"]);
});

test("an ephemeral root whose mount was cut off can be mounted again", async () => {
  const { id, image } = await mounted([[file("a")]]);
  store.roots.unmount(target);
  for (let mounts = 0; mounts < 2; mounts += 1) {
    store.roots.mount(id, image, target, true);
    writeFileSync(join(target, "written"), String(mounts));
    store.roots.unmount(target);
  }
  store.roots.mount(id, image, target, true);
  expect(readFileSync(join(target, "written"), "utf8")).toBe("1");
});
