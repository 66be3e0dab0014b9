/**
 * SECURITY row 13, ambiguous manifests (CVE-2021-41190): a document that one reader takes for a manifest and another for an index has the
 * same digest for both, so that what was checked is not what runs. None of them is taken, and nothing of them stays.
 */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { createHash } from "node:crypto";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { type TarMember, writeTar } from "../../src/base/tar/writer.ts";
import { TestEngine } from "../harness/engine.ts";

const OCI = "application/vnd.oci.image";
const MANIFEST = `${OCI}.manifest.v1+json`;
const INDEX = `${OCI}.index.v1+json`;

let engine: TestEngine;
beforeAll(async () => {
  engine = await TestEngine.start();
});
afterAll(() => engine[Symbol.asyncDispose]());

const digest = (data: Uint8Array | string): string => createHash("sha256").update(data).digest("hex");
const file = (name: string, data: Uint8Array | string): TarMember => ({ type: "file", name, data: Buffer.from(data) });
const blob = (data: Uint8Array | string): TarMember => file(`blobs/sha256/${digest(data)}`, data);
const descriptor = (mediaType: string, data: Uint8Array | string) => ({
  mediaType,
  digest: `sha256:${digest(data)}`,
  size: data.length,
});

const LAYER = writeTar([file("hello", "hello\n")]);
const CONFIG = JSON.stringify({
  architecture: "amd64",
  os: "linux",
  rootfs: { type: "layers", diff_ids: [`sha256:${digest(LAYER)}`] },
});
const BODY = {
  schemaVersion: 2,
  config: descriptor(`${OCI}.config.v1+json`, CONFIG),
  layers: [descriptor(`${OCI}.layer.v1.tar`, LAYER)],
};

/** An OCI archive whose only image is said to be `mediaType` and is `document`. */
function archive(document: object, mediaType: string, ...more: TarMember[]): Buffer {
  const text = JSON.stringify(document);
  const root = { schemaVersion: 2, manifests: [descriptor(mediaType, text)] };
  return writeTar([...[LAYER, CONFIG, text].map(blob), file("index.json", JSON.stringify(root)), ...more]);
}

const good = { ...BODY, mediaType: MANIFEST };
const manifests = [descriptor(MANIFEST, JSON.stringify(good))];
const names = JSON.stringify([{ Config: `blobs/sha256/${digest(CONFIG)}`, Layers: [`blobs/sha256/${digest(LAYER)}`] }]);

const AMBIGUOUS: [string, Buffer][] = [
  ["a manifest that also has manifests", archive({ ...good, manifests }, MANIFEST)],
  ["an index that also has layers", archive({ ...BODY, mediaType: INDEX, manifests }, INDEX)],
  ["an index that also has a configuration", archive({ schemaVersion: 2, manifests, config: BODY.config }, INDEX)],
  ["a manifest that calls itself an index", archive({ ...BODY, mediaType: INDEX }, MANIFEST)],
  ["a manifest that its descriptor calls an index", archive(good, INDEX)],
  ["two files index.json", archive(good, MANIFEST, file("index.json", '{"manifests":[]}'))],
  ["two files manifest.json", archive(good, MANIFEST, file("manifest.json", names), file("./manifest.json", "[]"))],
];

test.each(AMBIGUOUS)("%s is refused", async (_what, tar) => {
  const { exitCode, stderr } = await engine.dockerWith({ stdin: tar }, "load");
  expect(stderr).toMatch(/^ambiguous (manifest|archive)/);
  expect(exitCode).toBe(1);
  expect(await engine.dockerOutput("images", "-aq")).toBe("");
  for (const part of ["layers", "tmp"]) expect(readdirSync(join(engine.root, "images", part))).toEqual([]);
});

test("the same image without any of that loads", async () => {
  const { stdout } = await engine.dockerWith({ stdin: archive(good, MANIFEST) }, "load");
  expect(stdout).toBe(`Loaded image ID: sha256:${digest(CONFIG)}\n`);
});
