import { afterEach, beforeEach, expect, test } from "bun:test";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { mountsUnder } from "../../kernel/mountinfo.ts";
import { LayerMounts, type MountableLayer } from "./layer-mounts.ts";
import { openLayers, type TestLayers } from "./testing.ts";

const SOURCE = { backing: "file", directIo: false } as const;

let layers: TestLayers;
let layer: MountableLayer;
let points: string;

beforeEach(async () => {
  layers = openLayers();
  const diffId = await layers.add([{ type: "file", name: "f", data: Buffer.from("content") }]);
  layer = { file: `${layers.dir}/images/layers/${diffId.slice(7)}/layer`, metadataOffset: 4096, cached: true };
  points = `${layers.dir}/points`;
});

afterEach(() => layers[Symbol.asyncDispose]());

test("a detached mount shows in no mount table, and is one however often it is asked for", async () => {
  await using mounts = new LayerMounts({ kind: "mounted", source: SOURCE, detached: true }, points);
  const path = mounts.open("one", layer);
  expect(readFileSync(`${path}/f`, "utf8")).toBe("content");
  expect(mounts.open("one", layer)).toBe(path);
  expect(mountsUnder(layers.dir)).toEqual([]);
});

test("where overlayfs wants mounts attached, they are, until they are let go", async () => {
  await using mounts = new LayerMounts({ kind: "mounted", source: SOURCE, detached: false }, points);
  const path = mounts.open("one", layer);
  expect(path).toBe(`${points}/one`);
  expect(readFileSync(`${path}/f`, "utf8")).toBe("content");
  expect(mountsUnder(layers.dir).map(({ target }) => target)).toEqual([path]);
  await mounts.release("one");
  expect([mountsUnder(layers.dir), readdirSync(points)]).toEqual([[], []]);
});

test("what a dead engine has left attached is taken away by the next", async () => {
  const dead = new LayerMounts({ kind: "mounted", source: SOURCE, detached: false }, points);
  dead.open("one", layer);
  await using next = new LayerMounts({ kind: "mounted", source: SOURCE, detached: false }, points);
  expect([mountsUnder(layers.dir), existsSync(`${points}/one`)]).toEqual([[], false]);
  expect(readFileSync(`${next.open("one", layer)}/f`, "utf8")).toBe("content");
});

test("a layer that is let go can be deleted while a mount of it is held elsewhere", async () => {
  await using mounts = new LayerMounts({ kind: "mounted", source: SOURCE, detached: true }, points);
  await using others = new LayerMounts({ kind: "mounted", source: SOURCE, detached: true }, points);
  mounts.open("one", layer);
  const path = others.open("one", layer);
  await mounts.release("one");
  await layers.store.collect(new Set());
  expect(existsSync(layer.file)).toBe(false);
  expect(readFileSync(`${path}/f`, "utf8")).toBe("content");
});
