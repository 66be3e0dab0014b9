/** Damage on the disk is found, named, and told from what is whole. */
import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { closeSync, openSync, readdirSync, readSync, rmSync, statSync, writeSync } from "node:fs";
import { join } from "node:path";
import { writeTar } from "../base/tar/writer.ts";
import { loadImage, openStore, sha256, type TestImage, type TestStore } from "./testing.ts";

const layer = (name: string) => [{ type: "file" as const, name, data: Buffer.alloc(10_000, name) }];
const APP: TestImage = { layers: [layer("base"), layer("app")], tags: ["app:1"] };
const OTHER: TestImage = { layers: [layer("base"), layer("other")], tags: ["other:1"] };
const diffIdOf = (image: TestImage, at: number): string => sha256(writeTar(image.layers[at] ?? []));

let store: TestStore;
beforeEach(async () => {
  store = openStore();
  for (const image of [APP, OTHER]) await loadImage(store.images, image);
});
afterEach(() => store[Symbol.dispose]());

async function verify(...refs: string[]): Promise<string[]> {
  const lines = await Array.fromAsync(store.images.verify({ refs, repair: false, keyring: new Map() }));
  return lines
    .filter(({ progressDetail }) => progressDetail === undefined)
    .map(({ id, status, error }) => error ?? (id === undefined ? (status ?? "") : `${id}: ${status}`));
}

const layerDirectory = (image: TestImage, at: number): string => join(store.dir, "images/layers", diffIdOf(image, at));

/** The largest file of a layer holds its tar. */
function flip(directory: string, position: number): void {
  const files = readdirSync(directory, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  const paths = files.map((entry) => join(entry.parentPath, entry.name));
  const [path = ""] = paths.sort((a, b) => statSync(b).size - statSync(a).size);
  const fd = openSync(path, "r+");
  const byte = Buffer.alloc(1);
  readSync(fd, byte, 0, 1, position);
  writeSync(fd, Buffer.from([(byte[0] ?? 0) ^ 0xff]), 0, 1, position);
  closeSync(fd);
}

describe("verify()", () => {
  test("says of every layer, once, that it is whole", async () => {
    const said = await verify();
    const ids = [diffIdOf(APP, 0), diffIdOf(APP, 1), diffIdOf(OTHER, 1)].map((hex) => `${hex.slice(0, 12)}: Verified`);
    expect(said.slice(0, -1).sort()).toEqual(ids.sort());
    expect(said.at(-1)).toBe("2 of 2 images are whole");
  });

  test("finds one flipped byte, and names the layer and the images that have it", async () => {
    flip(layerDirectory(APP, 1), 8192);
    const said = await verify();
    expect(said.filter((line) => line.startsWith(`${diffIdOf(APP, 1).slice(0, 12)}: Damaged: `))).toHaveLength(1);
    expect(said.slice(-3)).toEqual(["Damaged: app:1", "1 of 2 images are whole", "1 of 2 images are damaged"]);
  });

  test("finds a layer that is gone, in all images that share it", async () => {
    rmSync(layerDirectory(APP, 0), { recursive: true });
    const said = await verify();
    expect(said).toContain(`${diffIdOf(APP, 0).slice(0, 12)}: Missing`);
    expect(said.at(-1)).toBe("2 of 2 images are damaged");
  });

  test("looks only at the images it is asked for", async () => {
    flip(layerDirectory(APP, 1), 8192);
    expect((await verify("other:1")).at(-1)).toBe("1 of 1 images are whole");
    expect((await verify("app:1")).at(-1)).toBe("1 of 1 images are damaged");
  });

  test("refuses an unknown image before it reads anything", async () => {
    await expect(verify("nosuch")).rejects.toThrow("No such image: nosuch:latest");
  });
});
