/** Pushes into a registry in this process: what is sent, what is not, and how a push that was cut goes on. */
import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { readdirSync } from "node:fs";
import type { ProgressLine } from "../../wire/image.ts";
import { ANONYMOUS } from "../../wire/registry-auth.ts";
import { OCI_MANIFEST } from "../manifest.ts";
import { loadImage, type TestImage } from "../testing.ts";
import { FakeRegistry, failure } from "./testing.ts";
import { errorOf, noise, openPullStore, type PullStore, putImage } from "./testing-images.ts";

const file = (name: string, data: Uint8Array) => ({ type: "file" as const, name, data });
const MIB = 1024 * 1024;

let registry: FakeRegistry;
let store: PullStore;
beforeEach(() => {
  registry = new FakeRegistry();
  store = openPullStore({ uploadChunkBytes: MIB });
});
afterEach(() => {
  store[Symbol.dispose]();
  registry[Symbol.dispose]();
});

const image = (...tags: string[]): TestImage => ({
  layers: [[file("a", noise(20_000))], [file("b", Buffer.from("two"))]],
  tags: tags.map((tag) => `${registry.host}/${tag}`),
});
const push = (name: string, tag = "1", to = registry.host): Promise<ProgressLine[]> =>
  Array.fromAsync(
    store.images.registries.push({
      image: `${to}/${name}`,
      tag,
      platform: undefined,
      credentials: ANONYMOUS,
      signal: new AbortController().signal,
    }),
  );
const statuses = (lines: readonly ProgressLine[]): string[] => lines.flatMap(({ status }) => status ?? []);
const uploads = (): string => `${store.dir}/images/uploads`;

describe("a push", () => {
  test("tells what it does in Docker's words, and leaves nothing behind", async () => {
    await loadImage(store.images, image("a/b:1"));
    const lines = await push("a/b");
    const words = statuses(lines).filter((word) => word !== "Compressing" && word !== "Pushing");
    expect(words.slice(0, 5)).toEqual([
      `The push refers to repository [${registry.host}/a/b]`,
      "Preparing",
      "Preparing",
      "Pushed",
      "Pushed",
    ]);
    const { bytes = new Uint8Array() } = registry.manifests.get("a/b:1") ?? {};
    const aux = lines.at(-1)?.aux;
    expect(words.at(-1)).toBe(`1: digest: ${aux?.Digest} size: ${bytes.length}`);
    expect([aux?.Tag, aux?.Size]).toEqual(["1", bytes.length]);
    expect(store.images.inspect(`${registry.host}/a/b:1`).RepoDigests).toEqual([`${registry.host}/a/b@${aux?.Digest}`]);
    expect(readdirSync(uploads())).toEqual([]);
    expect(store.events.at(-1)).toBe(`push ${registry.host}/a/b`);
  });

  test("comes back the same when it is pulled", async () => {
    const id = await loadImage(store.images, image("a/b:1"));
    await push("a/b");
    using other = openPullStore();
    expect(errorOf(await other.pull(`${registry.host}/a/b`, { tag: "1" }))).toBeUndefined();
    expect(other.images.inspect(`${registry.host}/a/b:1`).Id).toBe(id);
  });

  test("sends nothing that is there, and mounts what a neighbour has", async () => {
    await loadImage(store.images, image("a/b:1", "c/d:1"));
    await push("a/b");
    const sent = (): number => registry.asked.filter(({ method }) => method === "PATCH" || method === "PUT").length;
    const before = sent();
    expect(statuses(await push("a/b")).filter((word) => word === "Layer already exists")).toHaveLength(2);
    expect(sent() - before).toBe(1);
    expect(statuses(await push("c/d")).filter((word) => word === "Mounted from a/b")).toHaveLength(2);
    // The configuration and the manifest.
    expect(sent() - before).toBe(3);
  });

  test("uploads what a neighbour has no more", async () => {
    await loadImage(store.images, image("a/b:1", "c/d:1"));
    await push("a/b");
    registry.blobs.clear();
    expect(errorOf(await push("c/d"))).toBeUndefined();
    expect(registry.uploads.size).toBe(0);
  });

  test("of what was pulled keeps its digest, even where only the OCI knows the layers", async () => {
    const { configDigest } = putImage(registry, "a/b", "1", image());
    const manifest = JSON.parse(Buffer.from(registry.manifests.get("a/b:1")?.bytes ?? []).toString());
    const oci = JSON.stringify(manifest).replaceAll(
      "application/vnd.docker.distribution.manifest.v2+json",
      OCI_MANIFEST,
    );
    const digest = registry.putManifest("a/b", "1", `${oci}\n`, OCI_MANIFEST);
    await store.pull(`${registry.host}/a/b`, { tag: "1" });
    await store.images.tag(`${registry.host}/a/b:1`, `${registry.host}/c/d`, "1");
    expect((await push("c/d")).at(-1)?.aux?.Digest).toBe(digest);
    expect(store.images.inspect(`${registry.host}/c/d:1`).Id).toBe(configDigest);
  });

  test("compresses a layer to the same bytes each time", async () => {
    using other = new FakeRegistry();
    await loadImage(store.images, { ...image("a/b:1"), layers: [[file("big", noise(5 * MIB))]] });
    await push("a/b");
    await store.images.tag(`${registry.host}/a/b:1`, `${other.host}/a/b`, "1");
    await push("a/b", "1", other.host);
    expect([...other.blobs.keys()].toSorted()).toEqual([...registry.blobs.keys()].toSorted());
  });

  test("without a tag sends all of them", async () => {
    await loadImage(store.images, image("a/b:1", "a/b:2"));
    await push("a/b", "");
    expect([...registry.manifests.keys()].filter((key) => !key.includes("sha256"))).toEqual(["a/b:1", "a/b:2"]);
  });

  test.each([
    ["nosuch", "1", "An image does not exist locally with the tag: HOST/nosuch"],
    ["a/b", "2", "tag does not exist: HOST/a/b:2"],
  ])("of what is not there is refused: %s:%s", async (name, tag, message) => {
    await loadImage(store.images, image("a/b:1"));
    expect(errorOf(await push(name, tag))).toBe(message.replace("HOST", registry.host));
  });
});

describe("a large layer", () => {
  const big = (): TestImage => ({ layers: [[file("big", noise(2.5 * MIB))]], tags: [`${registry.host}/a/b:1`] });
  const patches = (): number => registry.paths("PATCH").length;

  test("goes in chunks", async () => {
    await loadImage(store.images, big());
    expect(errorOf(await push("a/b"))).toBeUndefined();
    expect(patches()).toBe(3);
  });

  test("goes on after a failure with the chunk that failed", async () => {
    let failures = 0;
    using flaky = new FakeRegistry({
      intercept: ({ method }) =>
        method === "PATCH" && flaky.uploads.size > 0 && patchesTo(flaky) === 2 && failures++ === 0
          ? failure(500, "UNKNOWN", "boom")
          : undefined,
    });
    await loadImage(store.images, { ...big(), tags: [`${flaky.host}/a/b:1`] });
    expect(errorOf(await push("a/b", "1", flaky.host))).toBeUndefined();
    expect([failures, patchesTo(flaky), flaky.paths("POST").length]).toEqual([1, 4, 2]);
  });

  test("goes on in the next push, of the next engine", async () => {
    let isBroken = true;
    const isRefused = ({ method, url }: Request): boolean =>
      isBroken && url.includes("/uploads/") && (method === "PUT" || (method === "PATCH" && patchesTo(flaky) > 1));
    using flaky = new FakeRegistry({
      intercept: (request) => (isRefused(request) ? failure(403, "DENIED", "no") : undefined),
    });
    await loadImage(store.images, { ...big(), tags: [`${flaky.host}/a/b:1`] });
    expect(errorOf(await push("a/b", "1", flaky.host))).toBe("denied: no");
    isBroken = false;
    const begun = flaky.paths("POST").length;
    store = store.reopen({ uploadChunkBytes: MIB });
    const lines = statuses(await push("a/b", "1", flaky.host));
    expect(lines).not.toContain("Compressing");
    expect(lines).toContain("Pushed");
    // Only the configuration's upload is a new one.
    expect(flaky.paths("POST").length - begun).toBe(1);
    expect(readdirSync(uploads())).toEqual([]);
  });

  test("goes in one piece to a registry that knows no chunks", async () => {
    using old = new FakeRegistry({
      intercept: ({ method, headers }) =>
        method === "PATCH" && !(headers.get("content-range") ?? "0-").startsWith("0-")
          ? failure(416, "RANGE_INVALID", "no chunks")
          : undefined,
    });
    await loadImage(store.images, { ...big(), tags: [`${old.host}/a/b:1`] });
    expect(errorOf(await push("a/b", "1", old.host))).toBeUndefined();
  });
});

const patchesTo = (registry: FakeRegistry): number => registry.paths("PATCH").length;
