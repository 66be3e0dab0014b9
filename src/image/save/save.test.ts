/** `docker save`: the archive that Docker writes, byte for byte the same each time, which loads again as what it was. */

import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { readdirSync } from "node:fs";
import type { TarEntry } from "../../base/tar/entry.ts";
import { TarReader } from "../../base/tar/reader.ts";
import { writeTar } from "../../base/tar/writer.ts";
import { loadAll, loadImage, openStore, sha256, type TestImage, type TestStore } from "../testing.ts";

const file = (name: string, text: string) => ({ type: "file" as const, name, data: Buffer.from(text) });
const BASE = [file("base", "base")];
const APP: TestImage = { layers: [BASE, [file("app", "application")]], tags: ["app:1", "app:2", "other/app:x"] };
const BARE: TestImage = { layers: [BASE], top: { created: "2026-02-03T04:05:07Z" } };

let store: TestStore;
beforeEach(() => {
  store = openStore();
});
afterEach(() => store[Symbol.dispose]());

async function save(...refs: string[]): Promise<Buffer> {
  return Buffer.concat(await Array.fromAsync((await store.images.save(refs)).body));
}

/** Name -> header and bytes, in the archive's order. */
function members(archive: Buffer): Map<string, { entry: TarEntry; data: Buffer }> {
  const found = new Map<string, { entry: TarEntry; data: Buffer }>();
  const entry = (each: TarEntry): void => {
    found.set(each.name, { entry: each, data: archive.subarray(each.offset, each.offset + each.size) });
  };
  const reader = new TarReader({ entry, data: () => undefined, end: () => undefined });
  reader.push(archive);
  reader.close();
  return found;
}

const text = (archive: Buffer, name: string): string => members(archive).get(name)?.data.toString() ?? "";
const json = (archive: Buffer, name: string): unknown => JSON.parse(text(archive, name));
const blob = (bytes: Buffer): string => `blobs/sha256/${sha256(bytes)}`;

describe("save()", () => {
  test("writes an OCI layout and a docker-archive in one, every blob named by its digest", async () => {
    const id = await loadImage(store.images, APP);
    const archive = await save("app:1");
    const layers = APP.layers.map((entries) => writeTar(entries));
    const all = members(archive);
    expect([...all.keys()].filter((name) => !name.startsWith("blobs/"))).toEqual([
      "index.json",
      "manifest.json",
      "oci-layout",
      "repositories",
    ]);
    for (const [name, { data }] of all) if (/^blobs\/sha256\/./.test(name)) expect(name).toBe(blob(data));
    const layerNames = layers.map(blob);
    expect(json(archive, "manifest.json")).toMatchObject([
      { Config: `blobs/sha256/${id.slice(7)}`, RepoTags: ["app:1"], Layers: layerNames },
    ]);
    expect(json(archive, "repositories")).toEqual({ app: { 1: sha256(layers.at(-1) ?? "") } });
    expect(json(archive, "index.json")).toMatchObject({
      schemaVersion: 2,
      manifests: [
        {
          mediaType: "application/vnd.oci.image.manifest.v1+json",
          annotations: {
            "io.containerd.image.name": "docker.io/library/app:1",
            "org.opencontainers.image.ref.name": "1",
          },
        },
      ],
    });
  });

  test("writes the same bytes each time", async () => {
    await loadImage(store.images, APP);
    expect(sha256(await save("app:1", "app:2"))).toBe(sha256(await save("app:1", "app:2")));
  });

  test("takes every tag of a repository that is named without one", async () => {
    await loadImage(store.images, APP);
    expect(json(await save("app"), "manifest.json")).toMatchObject([{ RepoTags: ["app:1", "app:2"] }]);
  });

  test("saves an image that is named by its id without tags, and so without the file of repositories", async () => {
    const id = await loadImage(store.images, APP);
    for (const ref of [id, id.slice(7), id.slice(7, 19)]) {
      const archive = await save(ref);
      expect(json(archive, "manifest.json")).toMatchObject([{ RepoTags: null }]);
      expect(members(archive).has("repositories")).toBe(false);
    }
  });

  test("puts a layer that two images have into the archive once", async () => {
    await loadImage(store.images, APP);
    const bare = await loadImage(store.images, BARE);
    const archive = await save("app:1", bare, "other/app:x");
    expect(json(archive, "manifest.json")).toMatchObject([{ RepoTags: ["app:1", "other/app:x"] }, { RepoTags: null }]);
    const names = [...members(archive).keys()];
    expect(names.length).toBe(new Set(names).size);
  });

  test("makes what loads again as the same images with the same names", async () => {
    const ids = [await loadImage(store.images, APP), await loadImage(store.images, BARE)];
    const archive = await save("app", "other/app:x", ids[1] ?? "");
    using other = openStore();
    const lines = await loadAll(other.images, archive);
    expect(lines.map(({ stream }) => stream)).toEqual([
      "Loaded image: app:1\n",
      "Loaded image: app:2\n",
      "Loaded image: other/app:x\n",
      `Loaded image ID: ${ids[1]}\n`,
    ]);
    expect(ids.map((id) => other.images.inspect(id).Id)).toEqual(ids);
  });

  test("of nothing is an archive of nothing", async () => {
    expect(json(await save(), "manifest.json")).toEqual([]);
  });

  test("tells of each image once", async () => {
    const id = await loadImage(store.images, APP);
    store.events.length = 0;
    await save("app:1", "app:2");
    expect(store.events).toEqual([`save ${id}`]);
  });

  test("keeps the layers while it writes them, and lets them go after that", async () => {
    const id = await loadImage(store.images, APP);
    const stream = (await store.images.save([id])).body[Symbol.asyncIterator]();
    const first = await stream.next();
    await store.images.remove(id, { force: true, noprune: false });
    const rest: Uint8Array[] = first.done === true ? [] : [first.value];
    for (let next = await stream.next(); next.done !== true; next = await stream.next()) rest.push(next.value);
    expect(members(Buffer.concat(rest)).size).toBe(9);
    expect(readdirSync(`${store.dir}/images/layers`)).toEqual([]);
  });

  test.each([
    ["a tag that does not exist", "app:3", "reference does not exist"],
    ["a name that does not exist", "nosuch", "No such image: nosuch"],
    ["an id that does not exist", `sha256:${"0".repeat(64)}`, `No such image: sha256:${"0".repeat(64)}`],
    ["what is no name", "App", "invalid reference format: repository name (library/App) must be lowercase"],
  ])("refuses %s before the first byte", async (_what, ref, message) => {
    await loadImage(store.images, APP);
    await expect(store.images.save(["app:1", ref])).rejects.toThrow(message);
  });

  test("refuses an image of another platform than the one that is asked for", async () => {
    await loadImage(store.images, APP);
    const arm = { os: "linux", architecture: "arm64", variant: "" };
    await expect(store.images.save(["app:1"], arm)).rejects.toThrow(
      "no suitable export target found for platform linux/arm64",
    );
  });
});
