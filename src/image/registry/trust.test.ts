/** Pulls by way of registries that lie and of mirrors: what is believed, and who is asked. */
import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { readdirSync } from "node:fs";
import { DOCKER_MANIFEST_TYPE } from "../manifest.ts";
import { familiar } from "../reference.ts";
import type { TestImage } from "../testing.ts";
import { FakeRegistry } from "./testing.ts";
import { errorOf, noise, openPullStore, type PullStore, putImage } from "./testing-images.ts";

const file = (name: string, data: Uint8Array) => ({ type: "file" as const, name, data });
const small: TestImage = { layers: [[file("a", Buffer.from("one"))], [file("b", Buffer.from("two"))]] };

let registry: FakeRegistry;
let store: PullStore;
beforeEach(() => {
  registry = new FakeRegistry();
  store = openPullStore();
});
afterEach(() => {
  store[Symbol.dispose]();
  registry[Symbol.dispose]();
});

const ref = (name = "a/b"): string => `${registry.host}/${name}`;

describe("a registry that lies", () => {
  test.each([
    [
      "other bytes for a layer",
      (path: string, blob: string) => path.endsWith(blob) && new Response(Buffer.alloc(500, 1)),
      "the registry sends",
    ],
    [
      "other bytes of the same length",
      (path: string, blob: string, size: number) => path.endsWith(blob) && new Response(noise(size, 99)),
      /verification failed|not/,
    ],
    [
      "another configuration",
      (path: string, blob: string) => path.includes("/blobs/") && !path.endsWith(blob) && new Response("{}"),
      "image config verification failed",
    ],
  ])("with %s is found out, and nothing is stored", async (_what, lie, message) => {
    let [blob, size] = ["", 0];
    using rogue = new FakeRegistry({ intercept: (_request, url) => lie(url.pathname, blob, size) || undefined });
    const put = putImage(rogue, "a/b", "1", { layers: [[file("a", noise(5000))]] });
    blob = put.blobs[0] ?? "";
    size = rogue.blobs.get(`a/b@${blob}`)?.length ?? 0;
    expect(errorOf(await store.pull(`${rogue.host}/a/b`, { tag: "1" }))).toMatch(message);
    expect(() => store.images.inspect(`${rogue.host}/a/b:1`)).toThrow("No such image");
    expect(readdirSync(`${store.dir}/images/layers`)).toEqual([]);
  });

  test("about the digest of a manifest is found out", () => {
    const { digest } = putImage(registry, "a/b", "1", small);
    registry.putManifest("a/b", "2", { schemaVersion: 2 }, DOCKER_MANIFEST_TYPE);
    const other = registry.manifests.get("a/b:2");
    if (other !== undefined) registry.manifests.set(`a/b:${digest}`, other);
    expect(store.pull(ref(), { tag: digest })).rejects.toThrow(`manifest verification failed for digest ${digest}`);
  });

  test("cannot spoil a layer for an honest one that is pulled from at the same time", async () => {
    const image: TestImage = { layers: [[file("big", noise(500_000))]] };
    const honest = putImage(registry, "a/b", "1", image);
    using rogue = new FakeRegistry();
    const claimed = putImage(rogue, "a/b", "1", {
      layers: [[file("x", noise(300, 5))]],
      config: { Labels: { claims: "x" } },
    });
    // Its manifest claims that the honest layer's blob is its own layer.
    const manifest = JSON.parse(Buffer.from(rogue.manifests.get("a/b:1")?.bytes ?? []).toString());
    const size = registry.blobs.get(`a/b@${honest.blobs[0]}`)?.length;
    manifest.layers[0] = { ...manifest.layers[0], digest: honest.blobs[0], size };
    rogue.putManifest("a/b", "2", manifest, DOCKER_MANIFEST_TYPE);
    rogue.blobs.set(`a/b@${honest.blobs[0]}`, registry.blobs.get(`a/b@${honest.blobs[0]}`) ?? new Uint8Array());
    const [bad, good] = await Promise.all([
      store.pull(`${rogue.host}/a/b`, { tag: "2" }),
      store.pull(ref(), { tag: "1" }),
    ]);
    expect(errorOf(bad)).toContain("as the image says");
    expect(errorOf(good)).toBeUndefined();
    expect(claimed.configDigest).not.toBe(honest.configDigest);
  });
});

describe("mirrors", () => {
  const settings = (mirrors: readonly string[], mirrorsOnly = false) => ({
    registries: { [registry.host]: { mirrors, insecure: false, authHosts: [], mirrorsOnly } },
  });

  test("are asked first, under their prefix, and told whose they are", async () => {
    using mirror = new FakeRegistry();
    putImage(mirror, "cache/a/b", "1", small);
    using mirrored = openPullStore(settings([`${mirror.origin}/cache`]));
    expect(errorOf(await mirrored.pull(ref(), { tag: "1" }))).toBeUndefined();
    expect(registry.asked).toEqual([]);
    expect(mirror.asked[0]?.path).toBe(`/v2/cache/a/b/manifests/1?ns=${encodeURIComponent(registry.host)}`);
  });

  test("are passed over when they fail or lack it, and never given credentials", async () => {
    using broken = new FakeRegistry({ intercept: () => new Response("no", { status: 500 }) });
    using empty = new FakeRegistry();
    putImage(registry, "a/b", "1", small);
    using mirrored = openPullStore(settings([broken.origin, empty.origin, "http://127.0.0.1:1"]));
    const credentials = { username: "ann", password: "secret", registrytoken: "token" };
    expect(errorOf(await mirrored.pull(ref(), { tag: "1", credentials }))).toBeUndefined();
    expect(empty.asked.length).toBeGreaterThan(0);
    expect([...broken.asked, ...empty.asked].filter(({ authorization }) => authorization !== null)).toEqual([]);
    expect(registry.asked[0]?.authorization).toBe("Bearer token");
  });

  test("may be all there is", async () => {
    using empty = new FakeRegistry();
    putImage(registry, "a/b", "1", small);
    using mirrored = openPullStore(settings([empty.origin], true));
    expect(mirrored.pull(ref(), { tag: "1" })).rejects.toThrow("not found");
  });

  test("never take part in what a name means", async () => {
    putImage(registry, "a/b", "1", small);
    await store.pull(ref(), { tag: "1" });
    const [image] = await store.images.list({ all: true, filters: new Map(), sharedSize: false, manifests: false });
    expect(image?.RepoTags).toEqual([familiar({ domain: registry.host, path: "a/b", tag: "1" })]);
  });
});
