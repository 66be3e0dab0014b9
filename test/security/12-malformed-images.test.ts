/**
 * SECURITY row 12, malformed images (CVE-2021-21285: one killed the daemon): configurations, manifests and archives damaged at random are
 * refused or taken, and the engine goes on, with nothing left of them on the disk. `TARE_FUZZ_SECONDS` makes it wander for longer,
 * `TARE_FUZZ_SEED` from another place.
 */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { type TarMember, writeTar } from "../../src/base/tar/writer.ts";
import { TestEngine } from "../harness/engine.ts";
import { createRandom, mutateBytes, mutateJson, type Random } from "./mutate.ts";

const SECONDS = Number(process.env.TARE_FUZZ_SECONDS ?? "4");
const SEED = Number(process.env.TARE_FUZZ_SEED ?? "1");
const MAX_RSS_MIB = 300;

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

const OCI = "application/vnd.oci.image";
const LAYER = writeTar([file("hello", "hello\n"), { type: "symlink", name: "link", linkName: "hello" }]);
const CONFIG = {
  architecture: "amd64",
  os: "linux",
  created: "2026-01-01T00:00:00Z",
  author: "a",
  config: {
    User: "u",
    Env: ["A=1"],
    Cmd: ["x"],
    Entrypoint: ["y"],
    WorkingDir: "/w",
    Labels: { l: "v" },
    ExposedPorts: { "80/tcp": {} },
    Volumes: { "/v": {} },
    Healthcheck: { Test: ["CMD", "true"], Interval: 1_000_000_000 },
    StopSignal: "TERM",
    Shell: ["sh"],
    OnBuild: ["RUN x"],
  },
  rootfs: { type: "layers", diff_ids: [`sha256:${digest(LAYER)}`] },
  history: [{ created: "2026-01-01T00:00:00Z", created_by: "x", comment: "c", empty_layer: false }],
};

/** What of the archive is damaged before the rest is built around it, digests and all. */
type Target = "config" | "manifest" | "index" | "root" | "docker" | "bytes" | "layer";
const TARGETS: readonly Target[] = ["config", "manifest", "index", "root", "docker", "bytes", "layer"];

function damagedArchive(target: Target, random: Random): Uint8Array<ArrayBuffer> {
  const write = (name: Target, document: unknown): string =>
    name === target ? mutateJson(document, random) : JSON.stringify(document);
  const layer = target === "layer" ? mutateBytes(LAYER, random) : LAYER;
  const rootfs = { type: "layers", diff_ids: [`sha256:${digest(layer)}`] };
  const config = write("config", { ...CONFIG, rootfs });
  const manifest = write("manifest", {
    schemaVersion: 2,
    mediaType: `${OCI}.manifest.v1+json`,
    config: descriptor(`${OCI}.config.v1+json`, config),
    layers: [descriptor(`${OCI}.layer.v1.tar`, layer)],
  });
  const index = write("index", {
    schemaVersion: 2,
    mediaType: `${OCI}.index.v1+json`,
    manifests: [
      { ...descriptor(`${OCI}.manifest.v1+json`, manifest), platform: { os: "linux", architecture: "amd64" } },
    ],
  });
  const annotations = { "io.containerd.image.name": "docker.io/library/fuzz:1" };
  const root = write("root", {
    schemaVersion: 2,
    manifests: [{ ...descriptor(`${OCI}.index.v1+json`, index), annotations }],
  });
  const names = {
    Config: `blobs/sha256/${digest(config)}`,
    RepoTags: ["fuzz:1"],
    Layers: [`blobs/sha256/${digest(layer)}`],
  };
  const isDocker = target === "docker" || random.below(3) === 0;
  const members = [layer, config, manifest, index].map(blob);
  members.push(isDocker ? file("manifest.json", write("docker", [names])) : file("index.json", root));
  const archive = writeTar(members);
  return target === "bytes" ? mutateBytes(archive, random) : Uint8Array.from(archive);
}

async function ask(method: string, path: string, body?: Uint8Array<ArrayBuffer> | string): Promise<Response> {
  return fetch(`http://engine/v1.51${path}`, {
    unix: engine.socketPath,
    method,
    headers: { "Content-Type": typeof body === "string" ? "application/json" : "application/x-tar" },
    ...(body === undefined ? {} : { body }),
  });
}

/** Everything that reads an image's documents again. */
async function use(image: string): Promise<void> {
  const created = await ask("POST", "/containers/create", JSON.stringify({ Image: image, Cmd: ["x"] }));
  const { Id } = Object(await created.json());
  if (created.ok) expect((await ask("DELETE", `/containers/${String(Id)}?v=1`)).status).toBe(204);
  for (const path of ["json", "json?manifests=1", "history", "get"]) {
    const answer = await ask("GET", `/images/${image}/${path}`);
    await answer.arrayBuffer();
    expect({ path, status: answer.status }).toEqual({ path, status: 200 });
  }
}

async function listImages(): Promise<string[]> {
  const answer = await ask("GET", "/images/json?all=1&manifests=1&shared-size=1");
  expect(answer.status).toBe(200);
  const images = JSON.parse(await answer.text());
  return images.map(({ Id }: { Id: string }) => Id);
}

test(
  `${SECONDS} seconds of damaged images leave the engine running and its store clean`,
  async () => {
    const { pid } = engine;
    const until = performance.now() + SECONDS * 1000;
    const outcomes = { loaded: 0, refused: 0 };
    for (let seed = SEED; performance.now() < until; seed++) {
      const random = createRandom(seed);
      const target = random.pick(TARGETS);
      const answer = await ask("POST", "/images/load?quiet=1", damagedArchive(target, random));
      const said = await answer.text();
      if (answer.ok && !said.includes('"error"')) outcomes.loaded++;
      else outcomes.refused++;
      for (const id of await listImages()) {
        await use(id);
        const removed = await ask("DELETE", `/images/${id}?force=1`);
        expect({ seed, target, status: removed.status }).toEqual({ seed, target, status: 200 });
      }
      expect(engine.pid).toBe(pid);
      expect(engine.isDead).toBe(false);
    }
    expect(outcomes.loaded).toBeGreaterThan(5);
    expect(outcomes.refused).toBeGreaterThan(20);
    expect(Object.prototype).not.toHaveProperty("polluted");
    expect(readdirSync(join(engine.root, "images/layers"))).toEqual([]);
    expect(readdirSync(join(engine.root, "images/tmp"))).toEqual([]);
    expect(rssMib(pid)).toBeLessThan(MAX_RSS_MIB);
    expect(engine.log).not.toContain('"level":"error"');
  },
  SECONDS * 1000 + 60_000,
);

function rssMib(pid: number): number {
  const [, kib = "0"] = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8")) ?? [];
  return Number(kib) / 1024;
}
