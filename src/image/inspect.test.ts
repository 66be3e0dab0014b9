/** What inspect, history and the lists of manifests say of an image. */
import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { writeTar } from "../base/tar/writer.ts";
import {
  chunks,
  configOf,
  dockerMembers,
  idOf,
  loadAll,
  loadImage,
  openStore,
  sha256,
  type TestImage,
  type TestStore,
} from "./testing.ts";

const layer = (name: string) => [{ type: "file" as const, name, data: Buffer.from(name) }];
const APP: TestImage = { layers: [layer("base"), layer("app")], tags: ["app:1"] };
const ARM = { os: "linux", architecture: "arm64", variant: "" };
const AMD = { os: "linux", architecture: "amd64", variant: "" };

let store: TestStore;
beforeEach(() => {
  store = openStore();
});
afterEach(() => store[Symbol.dispose]());

describe("inspect()", () => {
  test("shows the last step's comment for an image without one, as commit leaves it", async () => {
    const history = [{ created_by: "a" }, { created_by: "b", comment: "made by hand" }];
    expect(store.images.inspect(await loadImage(store.images, { ...APP, top: { history } })).Comment).toBe(
      "made by hand",
    );
    const stated = await loadImage(store.images, { ...APP, top: { history, comment: "stated" } });
    expect(store.images.inspect(stated).Comment).toBe("stated");
  });

  test("leaves the time out that the image does not say", async () => {
    const id = await loadImage(store.images, { ...APP, top: { created: undefined } });
    expect(store.images.inspect(id)).not.toHaveProperty("Created");
  });

  test("shows lists and maps with nothing in them as null", async () => {
    const config = { Env: [], Cmd: [], Entrypoint: [], Labels: {}, Volumes: {}, OnBuild: [] };
    const { Config } = store.images.inspect(await loadImage(store.images, { ...APP, config }));
    expect(Config).toMatchObject({
      Env: null,
      Cmd: null,
      Entrypoint: null,
      Labels: null,
      Volumes: null,
      OnBuild: null,
    });
  });

  test("finds an image of the wanted platform only", async () => {
    await loadImage(store.images, APP);
    expect(store.images.inspect("app:1", { platform: AMD }).Id).toBe(idOf(APP));
    expect(() => store.images.inspect("app:1", { platform: ARM })).toThrow(
      "image with reference app:1 was found but its platform (linux/amd64) does not match the specified platform (linux/arm64)",
    );
  });
});

describe("history()", () => {
  test("gives the steps of stored parents their ids and tags", async () => {
    const base: TestImage = { layers: [layer("base")], tags: ["base:1"] };
    const members = dockerMembers([base, APP]);
    const manifest = JSON.parse(members.at(-1)?.data?.toString() ?? "");
    manifest[1].Parent = idOf(base);
    const archive = writeTar([
      ...members.slice(0, -1),
      { type: "file", name: "manifest.json", data: Buffer.from(JSON.stringify(manifest)) },
    ]);
    await loadAll(store.images, archive);
    expect(store.images.history("app:1").map(({ Id, Tags, Size }) => [Id, Tags, Size])).toEqual([
      [idOf(APP), ["app:1"], 3],
      [idOf(base), ["base:1"], 4],
    ]);
  });

  test("leaves the others without", async () => {
    await loadImage(store.images, APP);
    expect(store.images.history("app:1").map(({ Id, Tags }) => [Id, Tags])).toEqual([
      [idOf(APP), ["app:1"]],
      ["<missing>", null],
    ]);
  });

  test("of another platform than the wanted one is an error", async () => {
    await loadImage(store.images, APP);
    expect(() => store.images.history("app:1", ARM)).toThrow("does not match the specified platform (linux/arm64)");
  });
});

const OCI = "application/vnd.oci.image";
const blob = (data: Buffer) => ({ type: "file" as const, name: `blobs/sha256/${sha256(data)}`, data });
const descriptor = (mediaType: string, data: Buffer, more: object = {}) => ({
  mediaType,
  digest: `sha256:${sha256(data)}`,
  size: data.length,
  ...more,
});

/** As buildx writes it: an index of two platforms and an attestation; only the image for amd64 has its blobs. */
function buildxArchive(image: TestImage): { archive: Buffer; manifest: Buffer; index: Buffer } {
  const config = configOf(image);
  const layers = image.layers.map((members) => Bun.gzipSync(Uint8Array.from(writeTar(members))));
  const manifest = Buffer.from(
    JSON.stringify({
      schemaVersion: 2,
      mediaType: `${OCI}.manifest.v1+json`,
      config: descriptor(`${OCI}.config.v1+json`, config),
      layers: layers.map((data) => descriptor(`${OCI}.layer.v1.tar+gzip`, Buffer.from(data))),
    }),
  );
  const elsewhere = { mediaType: `${OCI}.manifest.v1+json`, digest: `sha256:${"a".repeat(64)}`, size: 3 };
  const index = Buffer.from(
    JSON.stringify({
      schemaVersion: 2,
      mediaType: `${OCI}.index.v1+json`,
      manifests: [
        descriptor(`${OCI}.manifest.v1+json`, manifest, { platform: { os: "linux", architecture: "amd64" } }),
        { ...elsewhere, platform: { os: "linux", architecture: "arm64", variant: "v8" } },
        {
          ...elsewhere,
          digest: `sha256:${"b".repeat(64)}`,
          platform: { os: "unknown", architecture: "unknown" },
          annotations: {
            "vnd.docker.reference.type": "attestation-manifest",
            "vnd.docker.reference.digest": `sha256:${sha256(manifest)}`,
          },
        },
      ],
    }),
  );
  const named = { annotations: { "io.containerd.image.name": "docker.io/library/app:1" } };
  const root = { schemaVersion: 2, manifests: [descriptor(`${OCI}.index.v1+json`, index, named)] };
  const members = [
    ...[config, manifest, index, ...layers.map((data) => Buffer.from(data))].map(blob),
    { type: "file" as const, name: "index.json", data: Buffer.from(JSON.stringify(root)) },
  ];
  return { archive: writeTar(members), manifest, index };
}

describe("manifests", () => {
  test("of an image that came by an index are all that the index lists, its own first", async () => {
    const { archive, manifest, index } = buildxArchive(APP);
    expect(await loadAll(store.images, archive)).toEqual([{ stream: "Loaded image: app:1\n" }]);
    store.users.set(idOf(APP), [{ id: "c1", running: true }]);
    const { Descriptor, Manifests } = store.images.inspect("app:1", { manifests: true });
    expect(Descriptor).toEqual({
      mediaType: `${OCI}.index.v1+json`,
      digest: `sha256:${sha256(index)}`,
      size: index.length,
    });
    const content = manifest.length + configOf(APP).length;
    expect(Manifests).toMatchObject([
      {
        ID: `sha256:${sha256(manifest)}`,
        Available: true,
        Kind: "image",
        Size: { Content: content, Total: content + 7 },
        ImageData: { Platform: { os: "linux", architecture: "amd64" }, Containers: ["c1"], Size: { Unpacked: 7 } },
      },
      { Available: false, Kind: "image", ImageData: { Platform: { architecture: "arm64", variant: "v8" } } },
      { Available: false, Kind: "attestation", AttestationData: { For: `sha256:${sha256(manifest)}` } },
    ]);
  });

  test("of an image that came without one are the one that saving it writes", async () => {
    await loadImage(store.images, APP);
    const [listed] = await store.images.list({ all: false, filters: new Map(), sharedSize: false, manifests: true });
    const archive = Buffer.concat(await Array.fromAsync((await store.images.save(["app:1"])).body));
    expect(archive.includes(`blobs/sha256/${listed?.Descriptor?.digest.slice(7)}`)).toBe(true);
    expect(listed?.Manifests?.map(({ ID, Kind }) => [ID, Kind])).toEqual([[listed?.Descriptor?.digest ?? "", "image"]]);
  });

  test("are not told unless they are asked for", async () => {
    await loadImage(store.images, APP);
    expect(store.images.inspect("app:1")).not.toHaveProperty("Manifests");
  });

  test("survive a restart, and go with their image", async () => {
    const { archive, index } = buildxArchive(APP);
    await loadAll(store.images, archive);
    store = store.reopen();
    expect(store.images.inspect("app:1", { manifests: true }).Descriptor?.digest).toBe(`sha256:${sha256(index)}`);
    await store.images.remove("app:1", { force: false, noprune: false });
    await loadImage(store.images, APP);
    expect(store.images.inspect("app:1", { manifests: true }).Manifests).toHaveLength(1);
  });
});

describe("load() with a platform", () => {
  const load = (archive: Buffer, platform: typeof ARM) =>
    Array.fromAsync(store.images.load({ body: chunks(archive) }, { quiet: true, platform }));

  test("takes the image of an index that is for it", async () => {
    expect(await load(buildxArchive(APP).archive, AMD)).toEqual([{ stream: "Loaded image: app:1\n" }]);
  });

  test("refuses an archive that has the image for others only", async () => {
    const { archive } = buildxArchive(APP);
    expect((await load(archive, { ...ARM, architecture: "riscv64" }))[0]?.error).toBe(
      "no image in the archive is for linux/riscv64",
    );
    expect((await load(writeTar(dockerMembers([APP])), ARM))[0]?.error).toBe(
      "no image in the archive is for linux/arm64",
    );
  });
});
