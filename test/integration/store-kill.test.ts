/** The image store when its engine is killed: at any moment of a load, whatever has a name is whole, and the rest is gone at the next start. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { type TarMember, writeTar } from "../../src/base/tar/writer.ts";
import { readBytes } from "../../src/files/file-bytes.ts";
import { readLayerHead, tarSlice } from "../../src/image/layers/layer-file.ts";
import { TestEngine } from "../harness/engine.ts";
import { busyboxRootfs } from "../harness/images.ts";

const KILLS = 12;
const LAYER_BYTES = 8 * 2 ** 20;

let engine: TestEngine;
let archive: Buffer<ArrayBuffer>;

const file = (name: string, data: Uint8Array): TarMember => ({ type: "file", name, data, mode: 0o755 });
const sha256 = (data: Uint8Array): string => createHash("sha256").update(data).digest("hex");

/** Bytes that compress to about half, the same each time. */
function filling(seed: number): Buffer {
  return Buffer.from(
    Array.from({ length: LAYER_BYTES }, (_, at) => (Math.imul(at + seed, 2_654_435_761) >>> 28) & 0xff),
  );
}

beforeAll(async () => {
  engine = await TestEngine.start();
  const layers = [
    Buffer.from(await busyboxRootfs()),
    ...[1, 2, 3].map((seed) => writeTar([file(`layer-${seed}`, filling(seed))])),
  ];
  const config = {
    architecture: process.arch === "x64" ? "amd64" : process.arch,
    os: "linux",
    rootfs: { type: "layers", diff_ids: layers.map((layer) => `sha256:${sha256(layer)}`) },
  };
  const manifest = [{ Config: "config.json", RepoTags: ["whole:1"], Layers: layers.map((_, at) => `${at}.tar`) }];
  archive = Buffer.from(
    writeTar([
      file("config.json", Buffer.from(JSON.stringify(config))),
      file("manifest.json", Buffer.from(JSON.stringify(manifest))),
      ...layers.map((layer, at) =>
        file(`${at}.tar`, new Uint8Array(Bun.gzipSync(new Uint8Array(layer), { level: 1 }))),
      ),
    ]),
  );
});

afterAll(() => engine[Symbol.asyncDispose]());

const images = (folder: string): string[] => readdirSync(join(engine.root, "images", folder));

test("a load killed at any moment leaves whole layers and nothing else", async () => {
  const started = performance.now();
  await engine.dockerWith({ stdin: archive }, "load");
  const wholeMs = performance.now() - started;
  for (let kill = 0; kill < KILLS; kill++) {
    await engine.dockerOutput("rmi", "-f", "whole:1").catch(() => undefined);
    const loading = engine.dockerWith({ stdin: archive }, "load");
    await Bun.sleep((wholeMs * (kill + 1)) / (KILLS + 1));
    await engine.kill();
    await loading;
    await engine.begin();
    expect(images("tmp")).toEqual([]);
    for (const layer of images("layers")) {
      const directory = join(engine.root, "images/layers", layer);
      expect(sha256(readBytes(tarSlice(directory, readLayerHead(directory))))).toBe(layer);
    }
  }
  expect((await engine.dockerWith({ stdin: archive }, "load")).exitCode).toBe(0);
  const check = "for n in 1 2 3; do busybox sha256sum /layer-$n; done | cut -d' ' -f1";
  const seen = await engine.dockerOutput("run", "--rm", "whole:1", "/bin/busybox", "sh", "-c", check);
  expect(seen.split("\n")).toEqual([1, 2, 3].map((seed) => sha256(filling(seed))));
}, 120_000);

test("an engine killed while it deletes an image finishes that at its next start", async () => {
  const deleting = engine.docker("rmi", "-f", "whole:1");
  await Bun.sleep(5);
  await engine.kill();
  await deleting;
  await engine.begin();
  const listed = await engine.dockerOutput("images", "-q");
  expect(images("tmp")).toEqual([]);
  expect(images("layers").length).toBe(listed === "" ? 0 : 4);
  expect(existsSync(join(engine.root, "images/layers"))).toBe(true);
  expect(readFileSync(engine.logPath, "utf8")).not.toContain('"level":"error"');
});
