/** Registries that mean harm, and a look at what an engine has left of them. */
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { writeTar } from "../../src/base/tar/writer.ts";
import { digestOf } from "../../src/image/digest.ts";
import { type FakeOptions, FakeRegistry } from "../../src/image/registry/testing.ts";
import type { TestEngine } from "./engine.ts";

export const MANIFEST = "application/vnd.oci.image.manifest.v1+json";
export const INDEX = "application/vnd.oci.image.index.v1+json";
const CONFIG = "application/vnd.oci.image.config.v1+json";
const LAYER = "application/vnd.oci.image.layer.v1.tar+gzip";

export const descriptor = (mediaType: string, bytes: Uint8Array) => ({
  mediaType,
  digest: digestOf(bytes),
  size: bytes.length,
});

export interface Parts {
  readonly layers: readonly { readonly bytes: Uint8Array; readonly diffId?: string }[];
  /** Merged into the configuration and the manifest. */
  readonly config?: object;
  readonly manifest?: object;
}

/** An image of one small file's layer. */
export function smallLayer(text = "hello"): { bytes: Uint8Array; diffId: string } {
  const tar = writeTar([{ type: "file", name: "f", data: Buffer.from(text) }]);
  return { bytes: Bun.gzipSync(Buffer.from(tar)), diffId: digestOf(tar) };
}

/** Puts it under "a/b:1"; the manifest as it was written. */
export function putParts(registry: FakeRegistry, { layers, config = {}, manifest = {} }: Parts): string {
  const document = {
    architecture: "amd64",
    os: "linux",
    rootfs: { type: "layers", diff_ids: layers.map(({ bytes, diffId }) => diffId ?? digestOf(bytes)) },
    ...config,
  };
  const configBytes = Buffer.from(JSON.stringify(document));
  for (const bytes of [configBytes, ...layers.map((layer) => layer.bytes)]) registry.putBlob("a/b", bytes);
  const body = {
    schemaVersion: 2,
    mediaType: MANIFEST,
    config: descriptor(CONFIG, configBytes),
    layers: layers.map(({ bytes }) => descriptor(LAYER, bytes)),
    ...manifest,
  };
  registry.putManifest("a/b", "1", body, MANIFEST);
  return JSON.stringify(body);
}

export const rogue = (options: FakeOptions = {}): FakeRegistry => new FakeRegistry(options);

/** What `docker pull` of "a/b:1" says when it fails. */
export async function refusal(engine: TestEngine, registry: FakeRegistry): Promise<string> {
  const { exitCode, stderr } = await engine.docker("pull", `${registry.host}/a/b:1`);
  return exitCode === 0 ? "it was pulled" : stderr.trim();
}

/** Files of images, whole or in parts. */
export function leftovers(engine: TestEngine): string[] {
  return ["layers", "tmp", "downloads"].flatMap((part) => listOf(join(engine.root, "images", part)));
}

function listOf(dir: string): string[] {
  try {
    return readdirSync(dir).map((name) => `${dir}/${name} ${statSync(join(dir, name)).size}`);
  } catch {
    return [];
  }
}

export function memoryMib(engine: TestEngine): number {
  return Number(/^RssAnon:\s+(\d+)/m.exec(readFileSync(`/proc/${engine.pid}/status`, "utf8"))?.[1]) / 1024;
}
