import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync, zstdCompressSync } from "node:zlib";
import { type TarMember, writeTar } from "../base/tar/writer.ts";
import { parseDigest } from "./reference.ts";
import {
  chunks,
  configOf,
  dockerArchive,
  dockerMembers,
  idOf,
  loadAll,
  loadImage,
  openStore,
  sha256,
  type TestImage,
  type TestStore,
} from "./testing.ts";

let store: TestStore;

beforeEach(() => {
  store = openStore();
});

afterEach(() => store[Symbol.dispose]());

const BASE: readonly TarMember[] = [{ type: "file", name: "etc/base", data: Buffer.from("base") }];
const TOP: readonly TarMember[] = [{ type: "file", name: "etc/top", data: Buffer.from("top!!") }];
const APP: TestImage = { layers: [BASE, TOP], tags: ["app:1"], config: { Cmd: ["run"], Labels: { a: "b" } } };

/** Names of what the store keeps on disk: layers and temporaries. */
const onDisk = (): { layers: number; temporaries: number } => ({
  layers: readdirSync(join(store.dir, "images/layers")).length,
  temporaries: readdirSync(join(store.dir, "images/tmp")).length,
});

const errorsOf = async (archive: Uint8Array): Promise<string[]> =>
  (await loadAll(store.images, archive)).flatMap(({ error }) => (error === undefined ? [] : [error]));

/** An OCI layout of the image, with changes to its documents. */
function ociArchive(
  image: TestImage,
  options: { descriptor?: object; manifest?: object; index?: object } = {},
): Buffer {
  const blobs = dockerMembers([image]).filter(({ name }) => name !== "manifest.json");
  const descriptor = (data: Uint8Array, mediaType: string): object => ({
    mediaType,
    digest: `sha256:${sha256(data)}`,
    size: data.length,
  });
  const config = configOf(image);
  const manifest = Buffer.from(
    JSON.stringify({
      schemaVersion: 2,
      mediaType: "application/vnd.oci.image.manifest.v1+json",
      config: descriptor(config, "application/vnd.oci.image.config.v1+json"),
      layers: blobs.slice(0, -1).map(({ data }) => descriptor(data!, "application/vnd.oci.image.layer.v1.tar")),
      ...options.manifest,
    }),
  );
  const entry = { ...descriptor(manifest, "application/vnd.oci.image.manifest.v1+json"), ...options.descriptor };
  return writeTar([
    ...blobs,
    { type: "file", name: `blobs/sha256/${sha256(manifest)}`, data: manifest },
    { type: "file", name: "oci-layout", data: Buffer.from('{"imageLayoutVersion":"1.0.0"}') },
    {
      type: "file",
      name: "index.json",
      data: Buffer.from(JSON.stringify({ schemaVersion: 2, manifests: [entry], ...options.index })),
    },
  ]);
}

describe("load() takes", () => {
  test("what docker save writes, and says so in Docker's words", async () => {
    expect(await loadAll(store.images, dockerArchive(APP))).toEqual([{ stream: "Loaded image: app:1\n" }]);
    expect(store.images.inspect("app:1")).toMatchObject({
      Id: idOf(APP),
      RepoTags: ["app:1"],
      Size: 9,
      Created: "2026-02-03T04:05:06.789Z",
      Config: { Cmd: ["run"], Labels: { a: "b" }, Env: null, User: "" },
    });
    expect(store.events).toEqual([`load ${idOf(APP)}`]);
    expect(onDisk()).toEqual({ layers: 2, temporaries: 0 });
  });

  test.each([
    ["gzip", gzipSync],
    ["zstd", zstdCompressSync],
  ])("archives and layers compressed with %s", async (_name, pack) => {
    const packed = { ...APP, pack };
    expect(await errorsOf(Buffer.from(pack(dockerArchive(packed))))).toEqual([]);
    expect(store.images.inspect("app:1").Id).toBe(idOf(APP));
  });

  test("layers reached through links, as skopeo and old Docker name them", async () => {
    const layer = writeTar(BASE);
    const config = configOf({ layers: [BASE] });
    const manifest = [{ Config: `${sha256(config)}.json`, RepoTags: ["old:1"], Layers: ["v1/layer.tar"] }];
    const archive = writeTar([
      { type: "file", name: `${sha256(layer)}.tar`, data: layer },
      { type: "file", name: `${sha256(config)}.json`, data: config },
      { type: "directory", name: "v1/" },
      { type: "symlink", name: "v1/layer.tar", linkName: `../${sha256(layer)}.tar` },
      { type: "file", name: "./manifest.json", data: Buffer.from(JSON.stringify(manifest)) },
    ]);
    expect(await loadAll(store.images, archive)).toEqual([{ stream: "Loaded image: old:1\n" }]);
  });

  test("an OCI layout by the name in its annotations", async () => {
    const annotations = {
      "io.containerd.image.name": "docker.io/library/oci:7",
      "org.opencontainers.image.ref.name": "7",
    };
    const lines = await loadAll(store.images, ociArchive(APP, { descriptor: { annotations } }));
    expect(lines).toEqual([{ stream: "Loaded image: oci:7\n" }]);
    expect(store.images.inspect("oci:7").Id).toBe(idOf(APP));
  });

  test("an OCI layout without a name, by its id", async () => {
    expect(await loadAll(store.images, ociArchive(APP))).toEqual([{ stream: `Loaded image ID: ${idOf(APP)}\n` }]);
    expect(store.images.inspect(idOf(APP).slice(7, 19)).RepoTags).toEqual([]);
  });

  test("several images, layers twice in one image, and none at all", async () => {
    const twice: TestImage = { layers: [BASE, TOP, BASE], tags: ["twice:1"] };
    const empty: TestImage = { layers: [], tags: ["empty:1"] };
    expect(await errorsOf(dockerArchive(APP, twice, empty))).toEqual([]);
    expect(onDisk().layers).toBe(2);
    expect(store.images.inspect("twice:1").Size).toBe(4 + 5 + 4);
    expect(store.images.inspect("empty:1").RootFS).toEqual({ Type: "layers" });
    expect(
      await loadAll(store.images, writeTar([{ type: "file", name: "manifest.json", data: Buffer.from("[]") }])),
    ).toEqual([]);
  });

  test("a name away from the image that had it", async () => {
    await loadImage(store.images, APP);
    const newer: TestImage = { ...APP, config: { Cmd: ["other"] } };
    expect(await loadAll(store.images, dockerArchive(newer))).toEqual([
      { stream: `The image app:1 already exists, renaming the old one with ID ${idOf(APP)} to empty string\n` },
      { stream: "Loaded image: app:1\n" },
    ]);
    expect(store.images.inspect(idOf(APP)).RepoTags).toEqual([]);
  });

  test("the same archive twice, reading no layer again", async () => {
    await loadImage(store.images, APP);
    const layer = readdirSync(join(store.dir, "images/layers"))[0]!;
    writeFileSync(join(store.dir, "images/layers", layer, "mark"), "");
    await loadImage(store.images, APP);
    expect(existsSync(join(store.dir, "images/layers", layer, "mark"))).toBe(true);
  });

  test("two loads of one layer at the same time", async () => {
    const other: TestImage = { layers: [BASE, TOP], tags: ["other:1"] };
    await Promise.all([loadImage(store.images, APP), loadImage(store.images, other)]);
    expect(onDisk()).toEqual({ layers: 2, temporaries: 0 });
  });
});

describe("load() refuses and leaves nothing of", () => {
  const tarOf = (files: Record<string, string>): Buffer =>
    writeTar(Object.entries(files).map(([name, text]) => ({ type: "file", name, data: Buffer.from(text) })));
  const manifestOf = (item: object): string => JSON.stringify([item]);
  const layerName = `blobs/sha256/${sha256(writeTar(BASE))}`;
  const broken = (change: (members: TarMember[]) => TarMember[]): Buffer => writeTar(change(dockerMembers([APP])));

  test.each([
    ["nothing at all", Buffer.alloc(0), "not an image archive: it has neither manifest.json nor index.json"],
    [
      "an archive of something else",
      tarOf({ f: "x" }),
      "not an image archive: it has neither manifest.json nor index.json",
    ],
    ["random bytes", Buffer.from("no tar at all".repeat(100)), "archive/tar: invalid tar header"],
    ["an archive cut off", dockerArchive(APP).subarray(0, 3000), "unexpected EOF"],
    ["a gzip archive cut off", gzipSync(dockerArchive(APP)).subarray(0, 300), "unexpected EOF"],
    ["a zstd archive cut off", zstdCompressSync(dockerArchive(APP)).subarray(0, 300), "unexpected EOF"],
    ["an xz archive", Buffer.from([0xfd, 0x37, 0x7a, 0x58, 0x5a, 0, 0]), "xz: "],
    [
      "a null manifest",
      tarOf({ "manifest.json": "null" }),
      "invalid manifest, manifest cannot be null (but can be [])",
    ],
    ["a manifest that is no JSON", tarOf({ "manifest.json": "[{" }), "invalid JSON document in archive"],
    [
      "two manifests",
      writeTar([...dockerMembers([APP]), ...dockerMembers([])]),
      "ambiguous archive: manifest.json is in it twice",
    ],
    [
      "a missing configuration",
      tarOf({ "manifest.json": manifestOf({ Config: "c.json", Layers: [] }) }),
      "open c.json: no such file or directory",
    ],
    [
      "a configuration outside",
      tarOf({ "manifest.json": manifestOf({ Config: "../../../etc/passwd" }) }),
      "open ../../../etc/passwd: no such file or directory",
    ],
    [
      "a configuration without layers",
      tarOf({ "manifest.json": manifestOf({ Config: "c" }), c: "{}" }),
      "invalid image JSON, no RootFS key",
    ],
    ["an image for Windows", dockerArchive({ ...APP, top: { os: "windows" } }), "cannot load windows image on linux"],
    [
      "a manifest with fewer layers",
      tarOf({ "manifest.json": manifestOf({ Config: "c" }), c: configOf(APP).toString() }),
      "invalid manifest, layers length mismatch: expected 0, got 2",
    ],
    [
      "a bad tag",
      dockerArchive({ ...APP, tags: ["A:b"] }),
      "invalid reference format: repository name (library/A) must be lowercase",
    ],
    ["a name without a tag", dockerArchive({ ...APP, tags: ["abc"] }), 'invalid tag "abc"'],
    [
      "a blob that is not what its name says",
      broken((all) => all.map((each) => (each.name === layerName ? { ...each, data: writeTar(TOP) } : each))),
      "invalid digest for layer 0",
    ],
    [
      "a layer that is not what the configuration says",
      tarOf({
        "manifest.json": manifestOf({ Config: "c", Layers: ["l"] }),
        c: configOf({ layers: [TOP] }).toString(),
        l: writeTar(BASE).toString(),
      }),
      `invalid diffID for layer 0: expected "sha256:${sha256(writeTar(TOP))}", got "sha256:${sha256(writeTar(BASE))}"`,
    ],
    [
      "a hostile layer",
      dockerArchive({ layers: [BASE, [{ type: "file", name: ".wh..", data: Buffer.alloc(0) }]] }),
      'invalid whiteout ".wh.."',
    ],
    [
      "a manifest that is also an index",
      ociArchive(APP, { manifest: { manifests: [] } }),
      "ambiguous manifest sha256:",
    ],
    [
      "a manifest of another type than announced",
      ociArchive(APP, { descriptor: { mediaType: "application/vnd.oci.image.index.v1+json" } }),
      "ambiguous manifest sha256:",
    ],
    [
      "a layer of an unknown type",
      ociArchive(APP, { manifest: { layers: [{ mediaType: "text/plain", digest: `sha256:${"0".repeat(64)}` }] } }),
      'unsupported layer of type "text/plain"',
    ],
    [
      "a digest that is none",
      ociArchive(APP, { descriptor: { digest: "sha256:../../x" } }),
      "invalid checksum digest length",
    ],
    [
      "images for other machines only",
      ociArchive(APP, {
        index: {
          manifests: ["s390x", "ppc64le"].map((architecture) => ({
            digest: `sha256:${"0".repeat(64)}`,
            platform: { os: "linux", architecture },
          })),
        },
      }),
      "no image in the archive is for linux/",
    ],
  ])("%s", async (_what, archive, message) => {
    const errors = await errorsOf(archive);
    expect(errors).toEqual([expect.stringContaining(message)]);
    expect(await store.images.list({ all: true, filters: new Map(), sharedSize: false })).toEqual([]);
    expect(onDisk()).toEqual({ layers: 0, temporaries: 0 });
  });

  test("documents and archives beyond the limits", async () => {
    using small = openStore({ maxDocumentBytes: 2000, maxBytes: 50_000, maxRatio: 20, ratioFromBytes: 30_000 });
    const load = async (archive: Uint8Array): Promise<unknown> => (await loadAll(small.images, archive))[0]?.error;
    expect(await load(dockerArchive({ ...APP, config: { Labels: { x: "y".repeat(3000) } } }))).toContain(
      "is larger than 2000 bytes",
    );
    expect(await load(Buffer.alloc(60_000))).toBe("archive is larger than 50000 bytes");
    const bomb = writeTar([{ type: "file", name: "zeros", data: Buffer.alloc(40_000) }]);
    expect(await load(gzipSync(bomb))).toBe("archive expands to more than 20 times its size");
    expect(readdirSync(join(small.dir, "images/tmp"))).toEqual([]);
  });

  test("a body whose sender goes away", async () => {
    async function* body() {
      yield dockerArchive(APP).subarray(0, 1000);
      throw new Error("connection reset");
    }
    const lines = await Array.fromAsync(store.images.load({ body: body() }, { quiet: true }));
    expect(lines).toEqual([{ error: "connection reset", errorDetail: { message: "connection reset" } }]);
    expect(onDisk()).toEqual({ layers: 0, temporaries: 0 });
  });

  test("a load whose reader goes away", async () => {
    const archive = dockerArchive({ ...APP, tags: ["app:1", "app:2"] });
    for await (const _line of store.images.load({ body: chunks(archive) }, { quiet: false })) break;
    expect(onDisk().temporaries).toBe(0);
  });
});

test("what a killed engine left is swept at the next start, and images survive", async () => {
  await loadImage(store.images, APP);
  mkdirSync(join(store.dir, "images/tmp/half/etc"), { recursive: true });
  writeFileSync(join(store.dir, "images/tmp/spool"), "x");
  mkdirSync(join(store.dir, `images/layers/${"0".repeat(64)}`));
  store = store.reopen();
  await store.images.sweep();
  expect(onDisk()).toEqual({ layers: 2, temporaries: 0 });
  expect(store.images.inspect("app:1").Id).toBe(idOf(APP));
  const [layer] = store.images.rootLayers.lowers([parseDigest(`sha256:${sha256(writeTar(BASE))}`)]);
  expect(readFileSync(`${layer}/etc/base`, "utf8")).toBe("base");
});

test("an image whose layers are lost is gone at the next start", async () => {
  await loadImage(store.images, APP);
  Bun.spawnSync(["rm", "-rf", join(store.dir, "images/layers", sha256(writeTar(TOP)))]);
  store = store.reopen();
  await store.images.sweep();
  expect(() => store.images.inspect("app:1")).toThrow("No such image: app:1");
  expect(onDisk().layers).toBe(0);
});
