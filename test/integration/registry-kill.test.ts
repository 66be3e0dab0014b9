/**
 * The engine is killed at fifty random moments of pulls and pushes: nothing is ever corrupt, and what the next one does goes on where
 * this one was cut, which the bytes that the registry has sent and taken tell. `TARE_KILL_SEED` makes other moments.
 */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { writeTar } from "../../src/base/tar/writer.ts";
import { FakeRegistry } from "../../src/image/registry/testing.ts";
import { noise, putImage } from "../../src/image/registry/testing-images.ts";
import { TestEngine } from "../harness/engine.ts";

const SEED = Number(process.env.TARE_KILL_SEED ?? "1");
const MIB = 1024 * 1024;
const LAYERS = 3;
const LAYER_BYTES = 4 * MIB;
const ALL_BYTES = LAYERS * LAYER_BYTES;
/** What may be lost with each kill: what each connection had in flight, and what its map did not say yet. */
const LOST_BYTES = LAYERS * 0.75 * MIB;

let engine: TestEngine;
let registry: FakeRegistry;
beforeAll(async () => {
  registry = new FakeRegistry({ paceBytesPerMs: 8 * 1024 });
  engine = await TestEngine.start({ config: { "upload-chunk-size": "1m" } });
});
afterAll(async () => {
  await engine[Symbol.asyncDispose]();
  registry[Symbol.dispose]();
});

/** Between 0 and 1, the same for the same seed. */
function randoms(seed: number): () => number {
  let state = seed >>> 0 || 1;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

const layersFor = (round: number) =>
  Array.from({ length: LAYERS }, (_, at) => [
    { type: "file" as const, name: `f${at}`, data: noise(LAYER_BYTES, round * 10 + at + 1) },
  ]);

/** Runs the client until `bytes` more have moved, kills the engine, and starts the next one. */
async function killAfter(bytes: number, moved: () => number, client: Promise<unknown>): Promise<boolean> {
  const from = moved();
  let isOver = false;
  void client.finally(() => {
    isOver = true;
  });
  while (!isOver && moved() - from < bytes) await Bun.sleep(1);
  if (isOver) return false;
  await engine.kill();
  await client;
  await engine.begin();
  return true;
}

const KILLS_BY_PULLS = 7;
const KILLS_BY_PUSHES = 5;

test.each([1, 2, 3, 4, 5])("seven times while it pulls, for the %p. time", async (part) => {
  const random = randoms(SEED * 100 + part);
  let kills = 0;
  for (let round = part * 10; kills < KILLS_BY_PULLS; round++) {
    const tag = `r${round}`;
    const image = `${registry.host}/a/b:${tag}`;
    const { configDigest } = putImage(registry, "a/b", tag, { layers: layersFor(round) });
    const before = registry.sentBytes;
    const each = ALL_BYTES * (0.2 + random() * 0.15);
    const pull = (): Promise<boolean> => killAfter(each, () => registry.sentBytes, engine.docker("pull", image));
    let killedHere = 0;
    while (kills + killedHere < KILLS_BY_PULLS && (await pull())) killedHere++;
    const last = registry.sentBytes;
    await engine.dockerOutput("pull", image);
    expect(registry.sentBytes - before).toBeLessThan(ALL_BYTES * 1.02 + (killedHere + 1) * LOST_BYTES);
    if (killedHere >= 2) expect(registry.sentBytes - last).toBeLessThan(ALL_BYTES * 0.95);
    expect(await engine.dockerOutput("image", "inspect", "-f", "{{.Id}}", image)).toBe(configDigest);
    expect(readdirSync(join(engine.root, "images/downloads"))).toEqual([]);
    await engine.dockerOutput("rmi", image);
    kills += killedHere;
  }
});

test.each([1, 2, 3])("five times while it pushes, for the %p. time", async (part) => {
  const random = randoms(SEED * 1000 + part);
  let kills = 0;
  for (let round = part * 10; kills < KILLS_BY_PUSHES; round++) {
    const image = `${registry.host}/c/d:p${round}`;
    const tar = writeTar(layersFor(100 + round).flat());
    await engine.dockerWith({ stdin: tar }, "import", "-", image);
    const each = ALL_BYTES * (0.1 + random() * 0.5);
    while (kills < KILLS_BY_PUSHES && (await killAfter(each, () => registry.takenBytes, engine.docker("push", image))))
      kills++;
    await engine.dockerOutput("push", image);
    const id = await engine.dockerOutput("image", "inspect", "-f", "{{.Id}}", image);
    await engine.dockerOutput("rmi", image);
    await engine.dockerOutput("pull", image);
    expect(await engine.dockerOutput("image", "inspect", "-f", "{{.Id}}", image)).toBe(id);
    expect(readdirSync(join(engine.root, "images/uploads"))).toEqual([]);
    await engine.dockerOutput("rmi", image);
  }
});
