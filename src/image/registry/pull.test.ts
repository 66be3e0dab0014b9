/** Pulls from a registry in this process: what is asked, what is stored, and what happens when it cuts, lies or refuses. */
import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { existsSync, readdirSync, writeFileSync } from "node:fs";
import { DOCKER_LIST_TYPE, DOCKER_MANIFEST_TYPE, OCI_INDEX_TYPE } from "../manifest.ts";
import type { TestImage } from "../testing.ts";
import { FakeRegistry, failure } from "./testing.ts";
import { errorOf, noise, openPullStore, type PullStore, putImage } from "./testing-images.ts";

const file = (name: string, data: Uint8Array) => ({ type: "file" as const, name, data });
const small: TestImage = { layers: [[file("a", Buffer.from("one"))], [file("b", Buffer.from("two"))]] };
const large = (bytes = 3_000_000): TestImage => ({ layers: [[file("big", noise(bytes))]] });

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
const statuses = (lines: Awaited<ReturnType<PullStore["pull"]>>): string[] =>
  lines.map(({ status = "", id }) => (id === undefined ? status : `${id}: ${status}`));
const downloads = (): string => `${store.dir}/images/downloads`;
const blobGets = (): string[] => registry.paths("GET").filter((path) => path.includes("/blobs/"));

describe("a pull", () => {
  test("tells what it does in Docker's words, and names the image", async () => {
    const { digest, configDigest, blobs } = putImage(registry, "a/b", "1", small);
    const [one = "", two = ""] = blobs.map((blob) => blob.slice(7, 19));
    const lines = statuses(await store.pull(ref(), { tag: "1" }));
    expect(lines[0]).toBe("1: Pulling from a/b");
    for (const id of [one, two]) {
      const own = lines.filter((line) => line.startsWith(id) && !line.includes("Extracting"));
      expect(own.map((line) => line.slice(14))).toEqual([
        "Pulling fs layer",
        "Downloading",
        "Verifying Checksum",
        "Download complete",
        "Pull complete",
      ]);
    }
    expect(lines.slice(-2)).toEqual([`Digest: ${digest}`, `Status: Downloaded newer image for ${ref()}:1`]);
    const { Id, RepoTags, RepoDigests } = store.images.inspect(`${ref()}:1`);
    expect([Id, RepoTags, RepoDigests]).toEqual([configDigest, [`${ref()}:1`], [`${ref()}@${digest}`]]);
    expect(store.events).toEqual([`pull ${ref()}`]);
  });

  test("of what is there already costs one HEAD", async () => {
    putImage(registry, "a/b", "1", small);
    await store.pull(ref(), { tag: "1" });
    const before = registry.asked.length;
    const lines = statuses(await store.pull(ref(), { tag: "1" }));
    expect(lines.at(-1)).toBe(`Status: Image is up to date for ${ref()}:1`);
    expect(registry.asked.slice(before).map(({ method, path }) => `${method} ${path}`)).toEqual([
      "HEAD /v2/a/b/manifests/1",
    ]);
  });

  test("fetches only the layers that are missing", async () => {
    const more: TestImage = { layers: [...small.layers, [file("c", Buffer.from("three"))]] };
    putImage(registry, "a/b", "1", small);
    const { blobs } = putImage(registry, "a/b", "2", more);
    await store.pull(ref(), { tag: "1" });
    const before = blobGets().length;
    const lines = statuses(await store.pull(ref(), { tag: "2" }));
    expect(lines.filter((line) => line.includes("Already exists"))).toHaveLength(2);
    // The configuration and one layer.
    expect(blobGets().slice(before)).toHaveLength(2);
    expect(blobGets().at(-1)).toEndWith(blobs.at(-1) ?? "");
  });

  test("by digest gives the image no tag", async () => {
    const { digest } = putImage(registry, "a/b", "1", small);
    const lines = statuses(await store.pull(ref(), { tag: digest }));
    expect(lines[0]).toBe(`${ref()}@${digest}: Pulling from a/b`);
    expect(store.images.inspect(`${ref()}@${digest}`).RepoTags).toEqual([]);
  });

  test("without a tag gets all of them", async () => {
    for (const tag of ["1", "2"]) putImage(registry, "a/b", tag, { ...small, config: { Labels: { tag } } });
    await store.pull(ref());
    expect(["1", "2"].map((tag) => store.images.inspect(`${ref()}:${tag}`).Config.Labels)).toEqual([
      { tag: "1" },
      { tag: "2" },
    ]);
  });

  test("tells programs that ask for it how much is missing", async () => {
    const { blobs } = putImage(registry, "a/b", "1", small);
    const told = (await store.pull(ref(), { tag: "1", sizes: true })).find(({ aux }) => aux !== undefined);
    const sizes = blobs.map((blob) => ({
      ID: blob.slice(7, 19),
      Size: registry.blobs.get(`a/b@${blob}`)?.length ?? 0,
    }));
    expect(told).toEqual({ aux: { Layers: sizes } });
  });

  test.each([
    ["1", `manifest for HOST/a/b:1 not found: manifest unknown: manifest unknown`],
    ["", "repository HOST/a/b not found: name unknown: repository name not known to registry"],
  ])("of what is not there (%p) throws before the first line", (tag, message) => {
    expect(store.pull(ref(), { tag })).rejects.toThrow(message.replace("HOST", registry.host));
  });

  test("that nobody answers is told as Docker tells it", () => {
    expect(store.pull("127.0.0.1:1/a", { tag: "1" })).rejects.toThrow(
      'Get "http://127.0.0.1:1/v2/": dial tcp 127.0.0.1:1: connect: connection refused',
    );
  });
});

describe("platforms", () => {
  const arm = { ...small, top: { architecture: "arm64" }, config: { Labels: { on: "arm64" } } };

  function putIndex(type = OCI_INDEX_TYPE): void {
    const [amd, arm64] = [putImage(registry, "a/b", "amd64", small), putImage(registry, "a/b", "arm64", arm)];
    const entry = (digest: string, architecture: string, extra = {}) => ({
      mediaType: DOCKER_MANIFEST_TYPE,
      digest,
      size: registry.manifests.get(`a/b:${digest}`)?.bytes.length,
      platform: { os: "linux", architecture },
      ...extra,
    });
    const attestation = { annotations: { "vnd.docker.reference.type": "attestation-manifest" } };
    const manifests = [
      entry(amd.digest, "unknown", attestation),
      entry(arm64.digest, "arm64"),
      entry(amd.digest, "amd64"),
    ];
    registry.putManifest("a/b", "all", { schemaVersion: 2, mediaType: type, manifests }, type);
  }

  test.each([
    [OCI_INDEX_TYPE, "", "amd64"],
    [DOCKER_LIST_TYPE, "", "amd64"],
    [OCI_INDEX_TYPE, "linux/arm64", "arm64"],
    [OCI_INDEX_TYPE, "linux/arm64/v8", "arm64"],
  ])("of %s for %p the image for %s is taken", async (type, platform, architecture) => {
    putIndex(type);
    await store.pull(ref(), { tag: "all", platform });
    expect(store.images.inspect(`${ref()}:all`).Architecture).toBe(architecture);
  });

  test("another platform replaces what the tag meant", async () => {
    putIndex();
    await store.pull(ref(), { tag: "all" });
    await store.pull(ref(), { tag: "all", platform: "linux/arm64" });
    expect(store.images.inspect(`${ref()}:all`).Architecture).toBe("arm64");
  });

  test("an index without the platform is an error", async () => {
    putIndex();
    expect(errorOf(await store.pull(ref(), { tag: "all", platform: "linux/s390x" }))).toBe(
      "no matching manifest for linux/s390x in the manifest list entries",
    );
  });

  test("an image for another platform than was asked for is warned of", async () => {
    putImage(registry, "a/b", "1", small);
    const lines = statuses(await store.pull(ref(), { tag: "1", platform: "linux/arm64" }));
    expect(lines.at(-1)).toContain("its platform (linux/amd64) does not match the specified platform (linux/arm64)");
  });
});

describe("a download that is cut", () => {
  test("goes on where it was, within the same pull", async () => {
    const { blobs } = putImage(registry, "a/b", "1", large());
    registry.cutAfter = 1_000_000;
    expect(errorOf(await store.pull(ref(), { tag: "1" }))).toBeUndefined();
    const size = registry.blobs.get(`a/b@${blobs[0]}`)?.length ?? 0;
    expect(registry.sentBytes).toBeLessThan(size + 10_000);
    expect(registry.asked.some(({ range }) => range !== null && !range.startsWith("bytes=0-"))).toBe(true);
  });

  test("goes on in the next pull, of the next engine", async () => {
    putImage(registry, "a/b", "1", large());
    registry.cutAfter = 2_000_000;
    store = store.reopen({ maxDownloadAttempts: 1 });
    expect(errorOf(await store.pull(ref(), { tag: "1" }))).toContain("EOF");
    const sent = registry.sentBytes;
    store = store.reopen({});
    const lines = await store.pull(ref(), { tag: "1" });
    expect(errorOf(lines)).toBeUndefined();
    expect(registry.sentBytes - sent).toBeLessThan(1_100_000);
    expect(lines.find(({ status }) => status === "Resuming")?.progressDetail?.current).toBe(2_000_000);
    expect(readdirSync(downloads())).toEqual([]);
  });

  test("keeps the layers that were whole, over a restart", async () => {
    const image: TestImage = { layers: [[file("a", noise(10_000))], [file("big", noise(2_000_000, 7))]] };
    let second = "";
    let isBroken = true;
    using flaky = new FakeRegistry({
      async intercept(_request, { pathname }) {
        if (!isBroken || !pathname.endsWith(second)) return undefined;
        while (readdirSync(`${store.dir}/images/layers`).length === 0) await Bun.sleep(2);
        return failure(404, "BLOB_UNKNOWN", "blob unknown to registry");
      },
    });
    const { blobs } = putImage(flaky, "a/b", "1", image);
    second = blobs[1] ?? "";
    expect(errorOf(await store.pull(`${flaky.host}/a/b`, { tag: "1" }))).toContain("blob unknown");
    isBroken = false;
    store = store.reopen();
    await store.images.sweep();
    const before = flaky.asked.length;
    const lines = statuses(await store.pull(`${flaky.host}/a/b`, { tag: "1" }));
    expect(lines).toContain(`${blobs[0]?.slice(7, 19)}: Already exists`);
    expect(flaky.asked.slice(before).some(({ path }) => path.endsWith(blobs[0] ?? ""))).toBe(false);
  });

  test("begins anew where the server knows no ranges", async () => {
    using plain = new FakeRegistry({ ranges: false });
    putImage(plain, "a/b", "1", large());
    plain.cutAfter = 1_000_000;
    expect(errorOf(await store.pull(`${plain.host}/a/b`, { tag: "1" }))).toBeUndefined();
  });

  test("fetches anew what the disk has spoilt meanwhile", async () => {
    const { blobs } = putImage(registry, "a/b", "1", large());
    registry.cutAfter = 2_000_000;
    store = store.reopen({ maxDownloadAttempts: 1 });
    await store.pull(ref(), { tag: "1" });
    writeFileSync(`${downloads()}/${blobs[0]?.slice(7)}`, Buffer.alloc(2_000_000));
    store = store.reopen();
    expect(errorOf(await store.pull(ref(), { tag: "1" }))).toBeUndefined();
  });

  test("is given up when nothing comes of trying", async () => {
    using dead = new FakeRegistry({
      intercept: (_request, url) =>
        url.pathname.includes("/blobs/") && hits++ > 0 ? failure(503, "UNAVAILABLE", "later") : undefined,
    });
    let hits = 0;
    putImage(dead, "a/b", "1", large());
    expect(errorOf(await store.pull(`${dead.host}/a/b`, { tag: "1" }))).toBe("unavailable: later");
    expect(hits).toBe(6);
  });
});

test("a registry that goes away for a moment is waited for", async () => {
  const { configDigest } = putImage(registry, "a/b", "1", large());
  const [name, { port }] = [ref(), new URL(registry.origin)];
  registry.cutAfter = 1_000_000;
  const gone = Promise.withResolvers<void>();
  registry.onCut = () => {
    registry[Symbol.dispose]();
    gone.resolve();
  };
  store = store.reopen({ firstPauseMs: 40, maxDownloadAttempts: 8 });
  const pulling = store.pull(name, { tag: "1" });
  await gone.promise;
  using back = new FakeRegistry({ port: Number(port) });
  for (const [key, bytes] of registry.blobs) back.blobs.set(key, bytes);
  expect(errorOf(await pulling)).toBeUndefined();
  expect(store.images.inspect(`${name}:1`).Id).toBe(configDigest);
});

test("a prune deletes what cut pulls have left", async () => {
  putImage(registry, "a/b", "1", large());
  registry.cutAfter = 2_000_000;
  store = store.reopen({ maxDownloadAttempts: 1 });
  await store.pull(ref(), { tag: "1" });
  expect(readdirSync(downloads()).length).toBeGreaterThan(0);
  const { SpaceReclaimed } = await store.images.prune(new Map());
  expect(SpaceReclaimed).toBeGreaterThan(2_000_000);
  expect(readdirSync(downloads())).toEqual([]);
});

describe("several pulls at once", () => {
  test("fetch each blob once", async () => {
    const { blobs } = putImage(registry, "a/b", "1", large());
    const both = await Promise.all([store.pull(ref(), { tag: "1" }), store.pull(ref(), { tag: "1" })]);
    expect(both.map(errorOf)).toEqual([undefined, undefined]);
    expect(blobGets().filter((path) => path.endsWith(blobs[0] ?? ""))).toHaveLength(1);
  });

  test("one that is left does not stop the other", async () => {
    putImage(registry, "a/b", "1", large());
    const leave = new AbortController();
    const left = store.pull(ref(), { tag: "1", signal: leave.signal }).catch((error: unknown) => error);
    const stays = store.pull(ref(), { tag: "1" });
    leave.abort(new Error("gone"));
    await left;
    expect(errorOf(await stays)).toBeUndefined();
    expect(existsSync(downloads()) ? readdirSync(downloads()) : []).toEqual([]);
  });
});
