/**
 * SECURITY row 12, by way of a registry (CVE-2021-21285): manifests, indexes, configurations, layers, tokens and headers damaged at random are
 * refused or taken, and the engine goes on with nothing left of them. `TARE_FUZZ_SECONDS` makes it wander for longer, `TARE_FUZZ_SEED` from
 * another place.
 */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { digestOf } from "../../src/image/digest.ts";
import { TestEngine } from "../harness/engine.ts";
import { descriptor, INDEX, leftovers, MANIFEST, rogue, smallLayer } from "../harness/rogue.ts";
import { createRandom, mutateBytes, mutateJson, type Random } from "./mutate.ts";

const SECONDS = Number(process.env.TARE_FUZZ_SECONDS ?? "4");
const SEED = Number(process.env.TARE_FUZZ_SEED ?? "1");

let engine: TestEngine;
beforeAll(async () => {
  engine = await TestEngine.start();
});
afterAll(() => engine[Symbol.asyncDispose]());

const TARGETS = ["manifest", "index", "config", "layer", "token", "challenge", "tags"] as const;
type Target = (typeof TARGETS)[number];

const CONFIG_TYPE = "application/vnd.oci.image.config.v1+json";
const LAYER_TYPE = "application/vnd.oci.image.layer.v1.tar+gzip";
const CHALLENGE = 'Bearer realm="http://HOST/token",service="s",scope="repository:a/b:pull"';

/** A registry whose only image is damaged in one place. */
function damaged(target: Target, random: Random): ReturnType<typeof rogue> {
  const write = (name: Target, document: unknown): Buffer =>
    Buffer.from(name === target ? mutateJson(document, random) : JSON.stringify(document));
  const registry = rogue({ intercept: (request, url) => answer(request, url) });
  const layer = smallLayer();
  const bytes = target === "layer" ? mutateBytes(layer.bytes, random) : layer.bytes;
  const rootfs = { type: "layers", diff_ids: [layer.diffId] };
  const config = write("config", { architecture: "amd64", os: "linux", config: { Cmd: ["x"] }, rootfs, history: [] });
  for (const blob of [bytes, config]) registry.putBlob("a/b", blob);
  const body = {
    schemaVersion: 2,
    mediaType: MANIFEST,
    config: descriptor(CONFIG_TYPE, config),
    layers: [descriptor(LAYER_TYPE, bytes)],
  };
  const manifest = write("manifest", body);
  const platform = { os: "linux", architecture: "amd64" };
  const manifests = [{ ...descriptor(MANIFEST, manifest), platform }];
  const index = write("index", { schemaVersion: 2, mediaType: INDEX, manifests });
  registry.manifests.set(`a/b:${digestOf(manifest)}`, { type: MANIFEST, bytes: manifest });
  registry.manifests.set("a/b:1", { type: INDEX, bytes: index });
  const challenge = target === "challenge" ? latin(mutateBytes(Buffer.from(CHALLENGE), random)) : CHALLENGE;
  const answer = ({ headers }: Request, { pathname }: URL): Response | undefined => {
    if (pathname === "/token") return new Response(write("token", { token: "t", expires_in: 300 }));
    if (pathname.endsWith("/tags/list")) return new Response(write("tags", { name: "a/b", tags: ["1"] }));
    if (headers.get("authorization") === "Bearer t") return undefined;
    return new Response("{}", {
      status: 401,
      headers: { "WWW-Authenticate": challenge.replace("HOST", registry.host) },
    });
  };
  return registry;
}

/** What a header can carry of it. */
const latin = (bytes: Uint8Array): string =>
  Buffer.from(bytes)
    .toString("latin1")
    .replace(/[^\x20-\x7e]/g, "~");

async function ask(method: string, path: string): Promise<Response> {
  return fetch(`http://engine/v1.51${path}`, { unix: engine.socketPath, method });
}

test(
  `${SECONDS} seconds of damaged registries leave the engine running and its store clean`,
  async () => {
    const { pid } = engine;
    const until = performance.now() + SECONDS * 1000;
    const outcomes = { pulled: 0, refused: 0 };
    for (let seed = SEED; performance.now() < until; seed++) {
      const random = createRandom(seed);
      const target = random.pick(TARGETS);
      using registry = damaged(target, random);
      const image = `${registry.host}/a/b`;
      const tag = target === "tags" ? "" : "&tag=1";
      const said = await (await ask("POST", `/images/create?fromImage=${image}${tag}`)).text();
      await (await ask("GET", `/distribution/${image}:1/json`)).text();
      if (said.includes("Downloaded newer image")) outcomes.pulled++;
      else outcomes.refused++;
      const images: { Id: string }[] = JSON.parse(await (await ask("GET", "/images/json?all=1")).text());
      for (const { Id } of images) expect((await ask("DELETE", `/images/${Id}?force=1`)).status).toBe(200);
      expect([seed, engine.pid, engine.isDead]).toEqual([seed, pid, false]);
    }
    expect(outcomes.pulled).toBeGreaterThan(5);
    expect(outcomes.refused).toBeGreaterThan(10);
    expect(leftovers(engine)).toEqual([]);
    // A fault of ours would be told as one.
    expect(/TypeError|RangeError|SyntaxError|is not a function|is not an object/.exec(engine.log)?.[0]).toBeUndefined();
  },
  SECONDS * 1000 + 60_000,
);
