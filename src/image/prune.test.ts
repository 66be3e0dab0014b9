/** What prune takes, what it leaves, and what everything weighs before and after. */
import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { createId } from "../base/ids.ts";
import { idOf, loadImage, openStore, type TestImage, type TestStore } from "./testing.ts";

const layer = (name: string, size = 100) => [{ type: "file" as const, name, data: Buffer.alloc(size, name) }];
const SHARED = layer("shared", 1000);
const TAGGED: TestImage = {
  layers: [SHARED, layer("tagged", 10)],
  tags: ["tagged:1"],
  config: { Labels: { keep: "1" } },
};
const DANGLING: TestImage = { layers: [SHARED, layer("dangling", 20)], top: { created: "2026-05-05T00:00:00Z" } };
const USED: TestImage = { layers: [SHARED, layer("used", 30)], config: { Labels: { keep: "2" } } };

let store: TestStore;
beforeEach(async () => {
  store = openStore();
  for (const image of [TAGGED, DANGLING, USED]) await loadImage(store.images, image);
  store.users.set(idOf(USED), [{ id: createId(), running: false }]);
  store.events.length = 0;
});
afterEach(() => store[Symbol.dispose]());

const prune = (filters: Record<string, string[]> = {}) => store.images.prune(new Map(Object.entries(filters)));
const left = async (): Promise<string[]> => {
  const images = await store.images.list({ all: true, filters: new Map(), sharedSize: false });
  return images.map(({ Id }) => Id).sort();
};
const ids = (...images: TestImage[]): string[] => images.map(idOf).sort();

describe("prune()", () => {
  test("takes images without a tag and without a container, and tells what that gave", async () => {
    const { ImagesDeleted, SpaceReclaimed } = await prune();
    expect(SpaceReclaimed).toBe(20);
    expect(ImagesDeleted?.[0]).toEqual({ Deleted: idOf(DANGLING) });
    expect(await left()).toEqual(ids(TAGGED, USED));
    expect(store.events).toEqual([`delete ${idOf(DANGLING)}`, "prune 20"]);
    expect(readdirSync(join(store.dir, "images/layers")).length).toBe(3);
  });

  test("takes everything without a container when dangling is false, all names first", async () => {
    await store.images.tag("tagged:1", "other", "2");
    const { ImagesDeleted, SpaceReclaimed } = await prune({ dangling: ["false"] });
    expect(SpaceReclaimed).toBe(30);
    const untagged = (ImagesDeleted ?? []).flatMap(({ Untagged }) => Untagged ?? []);
    expect(untagged.sort()).toEqual(["other:2", "tagged:1"]);
    expect(await left()).toEqual(ids(USED));
  });

  test("that finds nothing says null", async () => {
    await prune();
    expect(await prune()).toEqual({ ImagesDeleted: null, SpaceReclaimed: 0 });
  });

  const narrowed: [string, Record<string, string[]>, TestImage[]][] = [
    ["a label", { dangling: ["false"], label: ["keep"] }, [DANGLING, USED]],
    ["a label's value", { dangling: ["false"], label: ["keep=1"] }, [DANGLING, USED]],
    ["the lack of a label", { dangling: ["false"], "label!": ["keep"] }, [TAGGED, USED]],
    ["a time", { dangling: ["false"], until: ["2026-04-01T00:00:00Z"] }, [DANGLING, USED]],
  ];
  test.each(narrowed)("is narrowed by %s", async (_what, filters, expected) => {
    await prune(filters);
    expect(await left()).toEqual(ids(...expected));
  });

  const refused: [string, Record<string, string[]>, string][] = [
    ["an unknown filter", { nosuch: ["1"] }, "invalid filter 'nosuch'"],
    ["a dangling that is neither", { dangling: ["x"] }, "invalid filter 'dangling=[x]'"],
    ["a contradiction", { dangling: ["true", "false"] }, "invalid filter 'dangling=[true false]'"],
    ["two times", { until: ["1h", "2h"] }, "more than one until filter specified"],
    ["what is no time", { until: ["x"] }, 'failed to parse value as time or duration: "x"'],
  ];
  test.each(refused)("refuses %s", async (_what, filters, message) => {
    await expect(prune(filters)).rejects.toThrow(message);
  });
});

describe("usage()", () => {
  test("counts a shared layer once, and reclaims only what no container's image has", () => {
    const usage = store.images.usage();
    expect(usage.totalBytes).toBe(1000 + 10 + 20 + 30);
    expect(usage.reclaimableBytes).toBe(10 + 20);
    expect(usage.active).toBe(1);
  });

  test("tells what each image shares, so that unique sizes and the shared ones once make the whole", () => {
    const { items, totalBytes } = store.images.usage();
    expect(items.map(({ SharedSize }) => SharedSize)).toEqual([1000, 1000, 1000]);
    const unique = items.reduce((total, { Size, SharedSize }) => total + Size - SharedSize, 0);
    expect(unique + 1000).toBe(totalBytes);
  });

  test("of an empty store is nothing", () => {
    using empty = openStore();
    expect(empty.images.usage()).toEqual({ totalBytes: 0, reclaimableBytes: 0, active: 0, items: [] });
  });
});
