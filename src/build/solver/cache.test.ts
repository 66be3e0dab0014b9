import { Database } from "bun:sqlite";
import { expect, test } from "bun:test";
import type { LayerId } from "../tree.ts";
import { BuildCache } from "./cache.ts";

const newDatabase = (): Database => new Database(":memory:", { strict: true });
const layer = (name: string): LayerId => `sha256:${name}` as LayerId;
const tree = (...names: readonly string[]) => ({ layers: names.map(layer) });
const ABOUT = "RUN make";

test("what was put is found by its key, by the next engine too", () => {
  const db = newDatabase();
  new BuildCache(db, "boot-1").put("k", tree("a", "b"), ABOUT);
  const next = new BuildCache(db, "boot-1");
  expect(next.take("k")).toEqual(tree("a", "b"));
  expect(next.take("other")).toBeUndefined();
});

test("a use is counted and dated", () => {
  const cache = new BuildCache(newDatabase(), "boot-1");
  cache.put("k", tree("a"), ABOUT);
  const [before] = cache.all();
  cache.take("k");
  const [after] = cache.all();
  expect(after?.uses).toBe((before?.uses ?? 0) + 1);
  expect(after?.lastUsedAt).toBeGreaterThanOrEqual(before?.lastUsedAt ?? Number.POSITIVE_INFINITY);
});

test("after a reboot only what was known to be on disk is left", () => {
  const db = newDatabase();
  const cache = new BuildCache(db, "boot-1");
  cache.put("written", tree("a"), ABOUT);
  cache.settled(cache.mark());
  cache.put("lost", tree("b"), ABOUT);
  const next = new BuildCache(db, "boot-2");
  expect(next.take("written")).toEqual(tree("a"));
  expect(next.take("lost")).toBeUndefined();
});

test("what is put while everything is written to the disk belongs to the next time", () => {
  const db = newDatabase();
  const cache = new BuildCache(db, "boot-1");
  const mark = cache.mark();
  cache.put("meanwhile", tree("a"), ABOUT);
  cache.settled(mark);
  expect(new BuildCache(db, "boot-2").take("meanwhile")).toBeUndefined();
});

test("there is nothing to write to the disk until something else is put", () => {
  const cache = new BuildCache(newDatabase(), "boot-1");
  cache.put("k", tree("a"), ABOUT);
  cache.settled(cache.mark());
  cache.take("k");
  expect(cache.hasUnsettled).toBe(false);
  cache.put("l", tree("b"), ABOUT);
  expect(cache.hasUnsettled).toBe(true);
});

test("a key that gets other layers has to be written anew", () => {
  const db = newDatabase();
  const cache = new BuildCache(db, "boot-1");
  cache.put("k", tree("a"), ABOUT);
  cache.settled(cache.mark());
  cache.put("k", tree("b"), ABOUT);
  expect(new BuildCache(db, "boot-2").take("k")).toBeUndefined();
});

test("an engine of the same boot settles what the one before it has put", () => {
  const db = newDatabase();
  new BuildCache(db, "boot-1").put("k", tree("a"), ABOUT);
  const next = new BuildCache(db, "boot-1");
  next.settled(next.mark());
  expect(new BuildCache(db, "boot-2").take("k")).toEqual(tree("a"));
});

test("what is deleted is gone, and its layers belong to nobody", () => {
  const db = newDatabase();
  const cache = new BuildCache(db, "boot-1");
  cache.put("k", tree("a"), ABOUT);
  cache.put("l", tree("a", "b"), ABOUT);
  cache.delete("l");
  expect([...cache.layers()]).toEqual([layer("a")]);
  expect(new BuildCache(db, "boot-1").take("l")).toBeUndefined();
});
