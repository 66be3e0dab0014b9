import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { createId } from "../base/ids.ts";
import { type TarMember, writeTar } from "../base/tar/writer.ts";
import { chainIds } from "./chain-id.ts";
import { parseDigest } from "./reference.ts";
import { idOf, loadImage, openStore, sha256, type TestImage, type TestStore } from "./testing.ts";

let store: TestStore;

beforeEach(() => {
  store = openStore();
});

afterEach(() => store[Symbol.dispose]());

const layer = (name: string): readonly TarMember[] => [{ type: "file", name, data: Buffer.from(name) }];
const chainOf = ({ layers }: TestImage): string[] =>
  chainIds(layers.map((members) => parseDigest(`sha256:${sha256(writeTar(members))}`)));
const APP: TestImage = { layers: [layer("base"), layer("app")], tags: ["app:1"] };
const OTHER: TestImage = { layers: [layer("base"), layer("other")], tags: ["other:1"] };
const CONTAINER_ID = createId();
const CONTAINER = "c".repeat(64);

const remove = (ref: string, force = false) => store.images.remove(ref, { force, noprune: false });
const layersOnDisk = (): number => readdirSync(join(store.dir, "images/layers")).length;

describe("remove()", () => {
  test("by its only name takes the image and the layers that no other has", async () => {
    await loadImage(store.images, APP);
    await loadImage(store.images, OTHER);
    expect(await remove("app:1")).toEqual([
      { Untagged: "app:1" },
      { Deleted: idOf(APP) },
      { Deleted: chainOf(APP)[1]! },
    ]);
    expect(layersOnDisk()).toBe(2);
    expect(await remove(idOf(OTHER).slice(7, 15))).toEqual([
      { Untagged: "other:1" },
      { Deleted: idOf(OTHER) },
      { Deleted: chainOf(OTHER)[1]! },
      { Deleted: chainOf(OTHER)[0]! },
    ]);
    expect(layersOnDisk()).toBe(0);
    expect(store.events.slice(2)).toEqual([
      `untag ${idOf(APP)}`,
      `delete ${idOf(APP)}`,
      `untag ${idOf(OTHER)}`,
      `delete ${idOf(OTHER)}`,
    ]);
  });

  test("has deleted the files of small layers when it answers", async () => {
    await loadImage(store.images, APP);
    await remove("app:1");
    expect(readdirSync(join(store.dir, "images/tmp"))).toEqual([]);
  });

  test("by one of several names takes only the name", async () => {
    await loadImage(store.images, { ...APP, tags: ["app:1", "app:2"] });
    expect(await remove("app:1")).toEqual([{ Untagged: "app:1" }]);
    expect(store.images.inspect("app:2").RepoTags).toEqual(["app:2"]);
  });

  test("by id refuses several names, unless forced", async () => {
    await loadImage(store.images, { ...APP, tags: ["app:1", "b.example/app:2"] });
    const short = idOf(APP).slice(7, 19);
    await expect(remove(short)).rejects.toThrow(
      `conflict: unable to delete ${short} (must be forced) - image is referenced in multiple repositories`,
    );
    expect(await remove(short, true)).toMatchObject([
      { Untagged: "b.example/app:2" },
      { Untagged: "app:1" },
      { Deleted: idOf(APP) },
      {},
      {},
    ]);
  });

  test("refuses the last name of an image that a container uses", async () => {
    await loadImage(store.images, APP);
    store.users.set(idOf(APP), [{ id: CONTAINER, running: false }]);
    const short = idOf(APP).slice(7, 19);
    await expect(remove("app:1")).rejects.toThrow(
      `conflict: unable to remove repository reference "app:1" (must force) - container cccccccccccc is using its referenced image ${short}`,
    );
    await expect(remove(short)).rejects.toThrow(
      `conflict: unable to delete ${short} (must be forced) - image is being used by stopped container cccccccccccc`,
    );
    expect(store.images.inspect("app:1").Id).toBe(idOf(APP));
  });

  test("with force takes an image from under a stopped container, whose root stays whole", async () => {
    const id = await loadImage(store.images, APP);
    await store.roots.create(CONTAINER_ID, id, []);
    store.users.set(id, [{ id: CONTAINER, running: false }]);
    expect(await remove("app:1", true)).toEqual([{ Untagged: "app:1" }, { Deleted: id }]);
    expect(layersOnDisk()).toBe(2);
    store = store.reopen();
    await store.images.sweep();
    expect(layersOnDisk()).toBe(2);
    await store.roots.remove(CONTAINER_ID);
    expect(layersOnDisk()).toBe(0);
  });

  test("with force takes only the name from a running container's image", async () => {
    await loadImage(store.images, APP);
    store.users.set(idOf(APP), [{ id: CONTAINER, running: true }]);
    expect(await remove("app:1", true)).toEqual([{ Untagged: "app:1" }]);
    const short = idOf(APP).slice(7, 19);
    await expect(remove(short, true)).rejects.toThrow(
      `conflict: unable to delete ${short} (cannot be forced) - image is being used by running container cccccccccccc`,
    );
  });

  test.each([
    ["an unknown name", "nope", "No such image: nope:latest"],
    ["an unknown name with a tag", "nope:x", "No such image: nope:x"],
    ["an unknown id", `sha256:${"a".repeat(64)}`, `No such image: sha256:${"a".repeat(64)}`],
    ["sixty-four digits", "a".repeat(64), `No such image: sha256:${"a".repeat(64)}`],
    ["a bad name", "Foo", "invalid reference format: repository name (library/Foo) must be lowercase"],
  ])("does not find %s", async (_what, ref, message) => {
    await loadImage(store.images, APP);
    await expect(remove(ref)).rejects.toThrow(message);
  });

  test("does not take a prefix of two images for one of them", async () => {
    const first = new Map<string, string>();
    for (let n = 0; ; n++) {
      const id = await loadImage(store.images, { layers: [], config: { Labels: { n: String(n) } } });
      const digit = id.slice(7, 8);
      if (first.has(digit)) {
        expect(() => store.images.inspect(digit)).toThrow(`No such image: ${digit}:latest`);
        return;
      }
      first.set(digit, id);
      expect(store.images.inspect(digit).Id).toBe(id);
    }
  });
});
