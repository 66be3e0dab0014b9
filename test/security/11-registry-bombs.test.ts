/**
 * SECURITY row 11, by way of a registry (CVE-2017-14992, CVE-2023-25153): layers that expand without end, documents that never end, and
 * more of everything than anybody needs. Each ends in an error, in little memory, and with nothing left on the disk.
 */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { TestEngine } from "../harness/engine.ts";
import { eventually } from "../harness/eventually.ts";
import { leftovers, memoryMib, putParts, refusal, rogue, smallLayer } from "../harness/rogue.ts";

const MIB = 2 ** 20;
const MAX_GROWTH_MIB = 100;

let engine: TestEngine;
beforeAll(async () => {
  engine = await TestEngine.start();
  // What the first pull loads is no growth.
  using honest = rogue();
  putParts(honest, { layers: [smallLayer()] });
  await engine.dockerOutput("pull", `${honest.host}/a/b:1`);
  await engine.dockerOutput("rmi", `${honest.host}/a/b:1`);
});
afterAll(() => engine[Symbol.asyncDispose]());

/** Many gzip members in a row: ten gigabytes of zeros in ten megabytes. */
function zeros(gigabytes: number): Uint8Array {
  const member = Bun.gzipSync(Buffer.alloc(MIB), { level: 9 });
  return Buffer.concat(Array.from({ length: gigabytes * 1024 }, () => member));
}

/** An answer that does not stop. */
const endless = (type: string): Response =>
  new Response(new ReadableStream({ pull: (controller) => controller.enqueue(Buffer.alloc(64 * 1024, " ")) }), {
    headers: { "Content-Type": type },
  });

const MANIFEST_TYPE = "application/vnd.oci.image.manifest.v1+json";
const isFor =
  (part: string) =>
  (_request: Request, { pathname }: URL): boolean =>
    pathname.includes(part);

const many = (count: number) => Array.from({ length: count }, () => smallLayer());

const BOMBS: readonly (readonly [string, () => ReturnType<typeof rogue>, RegExp])[] = [
  [
    "ten gigabytes of zeros",
    () => {
      const registry = rogue();
      putParts(registry, { layers: [{ bytes: zeros(10), diffId: `sha256:${"a".repeat(64)}` }] });
      return registry;
    },
    /archive expands to more than|invalid tar header|verification failed/,
  ],
  [
    "a layer that goes on beyond its size",
    () => {
      const registry = rogue({
        intercept: (request, url) => (isFor("/blobs/")(request, url) && blobs++ > 0 ? endless("x/y") : undefined),
      });
      let blobs = 0;
      putParts(registry, { layers: [smallLayer()] });
      return registry;
    },
    /verification failed|invalid|unexpected/,
  ],
  [
    "a manifest without end",
    () =>
      rogue({ intercept: (request, url) => (isFor("/manifests/")(request, url) ? endless(MANIFEST_TYPE) : undefined) }),
    /is larger than 4194304 bytes/,
  ],
  [
    "a configuration without end",
    () => {
      const registry = rogue({
        intercept: (request, url) => (isFor("/blobs/")(request, url) ? endless("x/y") : undefined),
      });
      putParts(registry, { layers: [smallLayer()] });
      return registry;
    },
    /is larger than/,
  ],
  [
    "five hundred and one layers",
    () => {
      const registry = rogue();
      putParts(registry, { layers: many(501) });
      return registry;
    },
    /more than 500 layers/,
  ],
  [
    "a layer of a terabyte",
    () => {
      const registry = rogue();
      const { bytes } = smallLayer();
      const layers = [
        { mediaType: "application/vnd.oci.image.layer.v1.tar+gzip", digest: `sha256:${"b".repeat(64)}`, size: 2 ** 40 },
      ];
      putParts(registry, { layers: [{ bytes }], manifest: { layers } });
      return registry;
    },
    /invalid size/,
  ],
  [
    "an error without end",
    () => rogue({ intercept: () => new Response(endless("text/html").body, { status: 403 }) }),
    /403/,
  ],
];

test.each(BOMBS)("%s", async (_what, make, message) => {
  using registry = make();
  const before = memoryMib(engine);
  let most = before;
  const watch = setInterval(() => {
    most = Math.max(most, memoryMib(engine));
  }, 20);
  const said = await refusal(engine, registry);
  clearInterval(watch);
  expect(said).toMatch(message);
  expect(most - before).toBeLessThan(MAX_GROWTH_MIB);
  await eventually(async () => leftovers(engine).length === 0);
});
