/** Copies between registries: everything, unchanged, and nothing of it here. */
import { afterEach, beforeEach, expect, test } from "bun:test";
import { readdirSync } from "node:fs";
import type { ProgressLine } from "../../wire/image.ts";
import { ANONYMOUS } from "../../wire/registry-auth.ts";
import { DOCKER_MANIFEST_TYPE, OCI_INDEX_TYPE, OCI_MANIFEST } from "../manifest.ts";
import { FakeRegistry } from "./testing.ts";
import { errorOf, noise, openPullStore, type PullStore, putImage } from "./testing-images.ts";

const layer = (data: Uint8Array) => [{ type: "file" as const, name: "f", data }];

let [from, to]: FakeRegistry[] = [];
let store: PullStore;
beforeEach(() => {
  [from, to] = [new FakeRegistry(), new FakeRegistry()];
  store = openPullStore();
});
afterEach(() => {
  for (const each of [store, from, to]) each?.[Symbol.dispose]();
});

async function copy(source: string, target: string, platform = ""): Promise<ProgressLine[]> {
  const keyring = new Map([[to?.host ?? "", { ...ANONYMOUS, username: "ann", password: "b" }]]);
  const signal = new AbortController().signal;
  return Array.fromAsync(store.images.registries.copy({ from: source, to: target, platform, keyring, signal }));
}

/** An index of two platforms and an attestation; its digest. */
function putIndex(registry: FakeRegistry): string {
  const entries = ["amd64", "arm64"].map((architecture) => {
    const { digest } = putImage(registry, "a/b", architecture, {
      layers: [layer(noise(40_000))],
      top: { architecture },
    });
    return { mediaType: DOCKER_MANIFEST_TYPE, digest, size: 1, platform: { os: "linux", architecture } };
  });
  const manifests = [...entries, { ...entries[0], platform: { os: "unknown", architecture: "unknown" } }];
  return registry.putManifest("a/b", "all", { schemaVersion: 2, mediaType: OCI_INDEX_TYPE, manifests }, OCI_INDEX_TYPE);
}

test("an index goes with everything below it, byte for byte, and a second time nothing goes", async () => {
  if (from === undefined || to === undefined) return;
  const digest = putIndex(from);
  const lines = await copy(`${from.host}/a/b:all`, `${to.host}/x/y:2`);
  expect(errorOf(lines)).toBeUndefined();
  expect(lines.slice(-2).map(({ status }) => status)).toEqual([
    `Digest: ${digest}`,
    `Status: Copied to ${to.host}/x/y:2`,
  ]);
  expect(to.manifests.get("x/y:2")?.bytes).toEqual(from.manifests.get("a/b:all")?.bytes);
  expect(to.blobs.size).toBe(from.blobs.size);
  expect(readdirSync(`${store.dir}/images/layers`)).toEqual([]);
  const sent = from.sentBytes;
  await copy(`${from.host}/a/b:all`, `${to.host}/x/y:3`);
  expect(from.sentBytes).toBe(sent);
});

test("of an index one platform's image goes alone", async () => {
  if (from === undefined || to === undefined) return;
  putIndex(from);
  expect(errorOf(await copy(`${from.host}/a/b:all`, `${to.host}/x/y:arm`, "linux/arm64"))).toBeUndefined();
  expect(to.manifests.get("x/y:arm")?.bytes).toEqual(from.manifests.get("a/b:arm64")?.bytes);
  expect(to.blobs.size).toBe(2);
});

test("an artifact goes as well, whatever it is", async () => {
  if (from === undefined || to === undefined) return;
  const describe = (mediaType: string, text: string) => ({
    mediaType,
    digest: from?.putBlob("a/b", Buffer.from(text)),
    size: text.length,
  });
  const artifact = {
    schemaVersion: 2,
    mediaType: OCI_MANIFEST,
    artifactType: "application/x-chart",
    config: describe("application/vnd.oci.empty.v1+json", "{}"),
    layers: [describe("application/x-chart", "chart")],
  };
  from.putManifest("a/b", "chart", artifact, OCI_MANIFEST);
  expect(errorOf(await copy(`${from.host}/a/b:chart`, `${to.host}/a/b:chart`))).toBeUndefined();
  expect(to.blobs.size).toBe(2);
});

test("a blob that is cut is sent anew", async () => {
  if (from === undefined || to === undefined) return;
  putImage(from, "a/b", "1", { layers: [layer(noise(2_000_000))] });
  from.cutAfter = 1_000_000;
  expect(errorOf(await copy(`${from.host}/a/b:1`, `${to.host}/a/b:1`))).toBeUndefined();
});

test("other bytes than were promised never become a blob of the target", async () => {
  if (to === undefined) return;
  using rogue = new FakeRegistry({
    intercept: (_request, { pathname }) => (pathname.endsWith(blob) ? new Response(noise(size, 9)) : undefined),
  });
  let [blob, size] = ["-", 0];
  const put = putImage(rogue, "a/b", "1", { layers: [layer(noise(50_000))] });
  blob = put.blobs[0] ?? "";
  size = rogue.blobs.get(`a/b@${blob}`)?.length ?? 0;
  expect(errorOf(await copy(`${rogue.host}/a/b:1`, `${to.host}/a/b:1`))).toBeDefined();
  expect([...to.blobs.keys()].some((key) => key.endsWith(blob))).toBe(false);
  expect(to.manifests.size).toBe(0);
});

test("within a registry blobs are mounted", async () => {
  if (from === undefined) return;
  putImage(from, "a/b", "1", { layers: [layer(noise(50_000))] });
  expect(errorOf(await copy(`${from.host}/a/b:1`, `${from.host}/c/d:1`))).toBeUndefined();
  expect(from.sentBytes).toBe(0);
});
