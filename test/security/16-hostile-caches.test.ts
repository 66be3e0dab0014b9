/** Row 16: caches that others offer. None makes an engine busy, takes its memory, or makes it believe what a digest denies. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { CACHE_CONFIG } from "../../src/build/cache-transfer/cache-config.ts";
import { digestOf } from "../../src/image/digest.ts";
import { type Stores, solve } from "../harness/buildkit-client.ts";
import { TestEngine } from "../harness/engine.ts";
import { readTar } from "../harness/image-archive.ts";
import { ensureBusybox } from "../harness/images.ts";
import { descriptor, INDEX, leftovers, MANIFEST, memoryMib } from "../harness/rogue.ts";

let engine: TestEngine;
let atFirst: readonly string[];
beforeAll(async () => {
  engine = await TestEngine.start();
  await ensureBusybox(engine.dockerEnv());
  atFirst = leftovers(engine);
});
afterAll(() => engine[Symbol.asyncDispose]());

const LAYER = "application/vnd.oci.image.layer.v1.tar+gzip";

/** A store of the client's with these documents; "" is the one that stands for the whole. */
class Offer {
  readonly blobs = new Map<string, Buffer>();
  root = "";

  put(document: object): Buffer {
    const bytes = Buffer.from(JSON.stringify(document));
    this.root = digestOf(bytes);
    this.blobs.set(this.root, bytes);
    return bytes;
  }

  /** A cache of this configuration over these blobs. */
  cache(config: object, layers: readonly object[] = []): this {
    const bytes = this.put(config);
    this.put({ schemaVersion: 2, mediaType: MANIFEST, config: descriptor(CACHE_CONFIG, bytes), layers });
    return this;
  }
}

let builds = 0;

/** What a build that was never made before makes, which is what it would make without the cache. */
async function buildWith({ blobs, root }: Offer): Promise<string> {
  const stores: Stores = new Map([["local:offered", blobs]]);
  const { sent } = await solve(
    engine,
    { Dockerfile: `FROM busybox\nRUN --network=none echo honest > /made # ${++builds}\n` },
    {
      stores,
      cacheFrom: [{ Type: "local", Attrs: { src: "offered", digest: root } }],
      exporters: [{ type: "tar", attrs: {} }],
    },
  );
  const made = readTar(sent.get(0) ?? Buffer.alloc(0)).find(({ entry }) => entry.name === "made");
  return made?.data.toString() ?? "";
}

const blobOf = (text: string): string => digestOf(Buffer.from(text));

test("a tower of layers that every result stands on costs nothing until one is wanted", async () => {
  const layers = Array.from({ length: 9000 }, (_, at) => ({ blob: blobOf("x"), parent: at - 1 }));
  const records = Array.from({ length: 20_000 }, (_, at) => ({
    digest: `sha256:${String(at).padStart(8, "0")}`,
    layers: [{ layer: 8999, createdAt: "" }],
  }));
  const before = memoryMib(engine);
  const described = [
    { mediaType: LAYER, digest: blobOf("x"), size: 1, annotations: { "containerd.io/uncompressed": blobOf("y") } },
  ];
  expect(await buildWith(new Offer().cache({ layers, records }, described))).toBe("honest\n");
  expect(memoryMib(engine) - before).toBeLessThan(200);
});

test("stacks in circles are none", async () => {
  const layers = [
    { blob: blobOf("a"), parent: 1 },
    { blob: blobOf("b"), parent: 0 },
  ];
  const records = [{ digest: blobOf("key"), layers: [{ layer: 0, createdAt: "" }] }];
  expect(await buildWith(new Offer().cache({ layers, records }))).toBe("honest\n");
});

test("an index that multiplies is not followed", async () => {
  const offer = new Offer();
  let inner = descriptor(MANIFEST, offer.put({ schemaVersion: 2, mediaType: MANIFEST, config: {}, layers: [] }));
  for (let level = 0; level < 3; level++) {
    const manifests = Array.from({ length: 200 }, () => ({
      ...inner,
      platform: { os: "linux", architecture: "amd64" },
    }));
    inner = descriptor(INDEX, offer.put({ schemaVersion: 2, mediaType: INDEX, manifests }));
  }
  expect(await buildWith(offer)).toBe("honest\n");
});

test.each([
  ["is no document", (bytes: Buffer) => Buffer.from(`${bytes.toString()} `)],
  ["is another one", () => Buffer.from("{}")],
  ["is enormous", () => Buffer.alloc(8 << 20, 0x20)],
])("a blob that %s is not believed", async (_, damage) => {
  const offer = new Offer().cache({ layers: [], records: [] });
  for (const [digest, bytes] of offer.blobs) offer.blobs.set(digest, damage(bytes));
  expect(await buildWith(offer)).toBe("honest\n");
});

test("nothing of what was offered is kept", () => {
  expect(leftovers(engine).filter((line) => line.includes("/tmp/") || line.includes("/downloads/"))).toEqual(
    atFirst.filter((line) => line.includes("/tmp/") || line.includes("/downloads/")),
  );
});
