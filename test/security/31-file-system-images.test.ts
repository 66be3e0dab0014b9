/**
 * SECURITY row 31, file systems made by others (containerd STORE-006): the kernel is given only what the engine has written itself. A layer
 * that is a file system image, whatever it calls itself, is refused before anything mounts it.
 */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { createHash } from "node:crypto";
import { readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { writeTar } from "../../src/base/tar/writer.ts";
import { TestEngine } from "../harness/engine.ts";
import { busyboxRootfs } from "../harness/images.ts";
import { output } from "../harness/process.ts";

let engine: TestEngine;
/** A layer of ours as it lies in the store: an EROFS image with a tar in it. */
let erofs: Buffer;

beforeAll(async () => {
  engine = await TestEngine.start();
  await engine.dockerWith({ stdin: await busyboxRootfs() }, "import", "-", "made");
  const [layer = ""] = readdirSync(join(engine.root, "images/layers"));
  erofs = readFileSync(join(engine.root, "images/layers", layer, "layer"));
});

afterAll(() => engine[Symbol.asyncDispose]());

async function ext4(): Promise<Buffer> {
  const path = join(engine.dir, "ext4");
  writeFileSync(path, Buffer.alloc(2 * 2 ** 20));
  await output(["mkfs.ext4", "-q", "-F", path]);
  const image = readFileSync(path);
  rmSync(path);
  return image;
}

const sha256 = (data: Uint8Array): string => createHash("sha256").update(data).digest("hex");

function ociArchive(layer: Uint8Array, mediaType: string): Buffer {
  const config = Buffer.from(
    JSON.stringify({
      architecture: process.arch === "x64" ? "amd64" : process.arch,
      os: "linux",
      rootfs: { type: "layers", diff_ids: [`sha256:${sha256(layer)}`] },
    }),
  );
  const blob = (data: Uint8Array) => ({ type: "file" as const, name: `blobs/sha256/${sha256(data)}`, data });
  const describe = (type: string, data: Uint8Array) => ({
    mediaType: type,
    digest: `sha256:${sha256(data)}`,
    size: data.length,
  });
  const manifestType = "application/vnd.oci.image.manifest.v1+json";
  const manifest = Buffer.from(
    JSON.stringify({
      schemaVersion: 2,
      mediaType: manifestType,
      config: describe("application/vnd.oci.image.config.v1+json", config),
      layers: [describe(mediaType, layer)],
    }),
  );
  const index = JSON.stringify({ schemaVersion: 2, manifests: [describe(manifestType, manifest)] });
  const text = (name: string, data: string) => ({ type: "file" as const, name, data: Buffer.from(data) });
  return writeTar([
    text("oci-layout", '{"imageLayoutVersion":"1.0.0"}'),
    text("index.json", index),
    ...[config, layer, manifest].map(blob),
  ]);
}

test.each([
  ["EROFS, called a tar", "application/vnd.oci.image.layer.v1.tar", () => Promise.resolve(erofs)],
  ["EROFS, called what containerd calls it", "application/vnd.erofs.layer.v1", () => Promise.resolve(erofs)],
  ["ext4, called a tar", "application/vnd.oci.image.layer.v1.tar", ext4],
])("%s", async (_what, mediaType, make) => {
  const loaded = await engine.dockerWith({ stdin: ociArchive(await make(), mediaType) }, "load");
  expect(loaded.exitCode).toBe(1);
  expect(readdirSync(join(engine.root, "images/layers"))).toHaveLength(1);
  expect(readdirSync(join(engine.root, "images/tmp"))).toEqual([]);
});

test("a root file system that is one, imported", async () => {
  const imported = await engine.dockerWith({ stdin: erofs }, "import", "-", "native");
  expect([imported.exitCode, imported.stderr]).toEqual([1, expect.stringContaining("invalid tar header")]);
});
