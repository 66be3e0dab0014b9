/** Caches that builds take elsewhere: what one engine has built, another finds, from every place and in every form. */
import { afterAll, afterEach, beforeAll, expect, test } from "bun:test";
import { type Stores, solve, type Wish } from "../harness/buildkit-client.ts";
import { type ContextFiles, classicBuild } from "../harness/classic-build.ts";
import { TestEngine } from "../harness/engine.ts";
import { readTar } from "../harness/image-archive.ts";
import { ensureBusybox } from "../harness/images.ts";
import { DockerRegistry } from "../harness/registry.ts";

let engine: TestEngine;
let registry: DockerRegistry;
beforeAll(async () => {
  engine = await TestEngine.start();
  registry = await DockerRegistry.start();
  await ensureBusybox(engine.dockerEnv());
});
afterAll(async () => {
  await registry[Symbol.asyncDispose]();
  await engine[Symbol.asyncDispose]();
});
afterEach(() => forget());

const forget = (): Promise<string> => engine.dockerOutput("builder", "prune", "-af");

/** A build whose steps tell by what they write whether they ran again. */
const FILES: ContextFiles = {
  Dockerfile: [
    "FROM busybox AS tools",
    "RUN cat /proc/sys/kernel/random/uuid > /tool",
    "FROM busybox",
    "COPY a /a",
    "RUN cat /proc/sys/kernel/random/uuid > /made",
    "COPY --from=tools /tool /tool",
  ].join("\n"),
  a: "A",
};

interface Made {
  readonly made: string;
  readonly tool: string;
  readonly answers: ReadonlyMap<string, string>;
}

async function build(wish: Wish = {}): Promise<Made> {
  const { sent, answers } = await solve(engine, FILES, { exporters: [{ type: "tar", attrs: {} }], ...wish });
  const files = readTar(sent.get(0) ?? Buffer.alloc(0));
  const read = (name: string): string => files.find(({ entry }) => entry.name === name)?.data.toString() ?? "";
  return { made: read("made"), tool: read("tool"), answers };
}

const fromRegistry = (name: string) => [{ Type: "registry", Attrs: { ref: `${registry.host}/${name}` } }];
const toRegistry = (name: string, attrs: Record<string, string> = {}) => [
  { type: "registry", attrs: { ref: `${registry.host}/${name}`, mode: "max", ...attrs } },
];

test.each<[string, Record<string, string>]>([
  ["a manifest", {}],
  ["an index", { "image-manifest": "false" }],
  ["an index in Docker's words", { "image-manifest": "false", "oci-mediatypes": "false" }],
  ["zstd", { compression: "zstd", "compression-level": "3", "force-compression": "true" }],
  ["nothing compressed", { compression: "uncompressed", "force-compression": "true" }],
])("a cache in a registry as %s has every step", async (what, attrs) => {
  const name = `cache:${what.replaceAll(/\W/g, "-")}`;
  const first = await build({ cacheTo: toRegistry(name, attrs) });
  expect(JSON.parse(first.answers.get("cache.manifest") ?? "{}")).toMatchObject({ size: expect.any(Number) as number });
  await forget();
  const second = await build({ cacheFrom: fromRegistry(name) });
  expect([second.made, second.tool]).toEqual([first.made, first.tool]);
});

test("without a cache, steps run again", async () => {
  const first = await build();
  await forget();
  expect((await build()).made).not.toBe(first.made);
});

test("a cache in the client's directory has every step, after a restart of the engine too", async () => {
  const stores: Stores = new Map();
  const first = await build({ cacheTo: [{ type: "local", attrs: { dest: "there", mode: "max" } }], stores });
  const { digest } = JSON.parse(first.answers.get("cache.manifest") ?? "{}") as { digest: string };
  await forget();
  const cacheFrom = [{ Type: "local", Attrs: { src: "there", digest } }];
  const second = await build({ cacheFrom, stores });
  expect([second.made, second.tool]).toEqual([first.made, first.tool]);
  // What came from there is this engine's own by now.
  await engine.restart();
  const third = await build();
  expect([third.made, third.tool]).toEqual([first.made, first.tool]);
});

test("the least cache has the steps of the result, and none of what it was copied from", async () => {
  const first = await build({ cacheTo: toRegistry("cache:min", { mode: "min" }) });
  await forget();
  const second = await build({ cacheFrom: fromRegistry("cache:min") });
  expect(second.made).toBe(first.made);
  expect(second.tool).not.toBe(first.tool);
});

test("an image has the cache of its own layers inside", async () => {
  const name = `${registry.host}/inline:1`;
  const exporters = [
    { type: "tar", attrs: {} },
    { type: "image", attrs: { name, push: "true" } },
  ];
  const first = await build({ exporters, cacheTo: [{ type: "inline", attrs: {} }] });
  await forget();
  expect((await build({ cacheFrom: fromRegistry("inline:1") })).made).toBe(first.made);
  await engine.dockerOutput("rmi", name);
  await forget();
  expect((await build({ cacheFrom: fromRegistry("inline:1") })).made).toBe(first.made);
});

test("the classic builder writes and reads caches in images", async () => {
  const inline = JSON.stringify({ BUILDKIT_INLINE_CACHE: "1" });
  const first = await classicBuild(engine, FILES, { t: "cached:1", buildargs: inline });
  const made = await engine.dockerOutput("run", "--rm", first.imageId, "cat", "/made");
  await forget();
  const cachefrom = JSON.stringify(["cached:1"]);
  const second = await classicBuild(engine, FILES, { t: "cached:2", cachefrom });
  expect(await engine.dockerOutput("run", "--rm", second.imageId, "cat", "/made")).toBe(made);
  await engine.dockerOutput("rmi", "cached:1", "cached:2");
});

test("several caches are looked through in their order; one that is not there is told of and passed over", async () => {
  const first = await build({ cacheTo: toRegistry("cache:there") });
  await forget();
  const second = await build({ cacheFrom: [...fromRegistry("cache:nowhere"), ...fromRegistry("cache:there")] });
  expect(second.made).toBe(first.made);
});

test("a cache whose blobs are gone is none", async () => {
  const stores: Stores = new Map();
  const first = await build({ cacheTo: [{ type: "local", attrs: { dest: "there", mode: "max" } }], stores });
  const { digest } = JSON.parse(first.answers.get("cache.manifest") ?? "{}") as { digest: string };
  await forget();
  const blobs = stores.get("local:there") ?? new Map<string, Buffer>();
  for (const [name, bytes] of blobs) if (bytes[0] === 0x1f) blobs.delete(name);
  const second = await build({ cacheFrom: [{ Type: "local", Attrs: { src: "there", digest } }], stores });
  expect(second.made).not.toBe(first.made);
});

test("the mounts of RUN travel with a cache that is asked to take them", async () => {
  const mount = "RUN --mount=type=cache,id=packages,target=/c,uid=7,mode=0750";
  const write = { Dockerfile: `FROM busybox\n${mount} echo kept > /c/file\n` };
  const read = { Dockerfile: `FROM busybox\n${mount} cat /c/file > /found; stat -c '%a %u' /c >> /found; true\n` };
  const exporters = [{ type: "tar", attrs: {} }];
  await solve(engine, write, { cacheTo: toRegistry("cache:mounts", { mounts: "packages;others" }) });
  const found = async (attrs: Record<string, string>): Promise<string> => {
    await forget();
    const cacheFrom = [{ Type: "registry", Attrs: { ref: `${registry.host}/cache:mounts`, ...attrs } }];
    const { sent } = await solve(engine, read, { exporters, cacheFrom, options: { "no-cache": "" } });
    const files = readTar(sent.get(0) ?? Buffer.alloc(0));
    return files.find(({ entry }) => entry.name === "found")?.data.toString() ?? "";
  };
  expect(await found({})).toBe("750 7\n");
  expect(await found({ mounts: "all" })).toBe("kept\n750 7\n");
});

test.each<[string, Record<string, string>, string]>([
  ["gha", {}, 'unknown cache exporter: "gha"'],
  ["registry", {}, "registry cache requires ref"],
  ["local", {}, "local cache requires dest"],
  ["local", { dest: "x", mode: "all" }, 'unsupported cache mode "all": min and max are'],
  ["local", { dest: "x", foo: "1" }, 'local cache: option "foo" is not supported'],
  ["local", { dest: "x", "oci-mediatypes": "false" }, "image-manifest requires oci-mediatypes"],
])("a %s cache is refused for what nobody carries out", async (type, attrs, message) => {
  await expect(build({ cacheTo: [{ type, attrs }] })).rejects.toThrow(message);
});

test("a cache that cannot be written fails the build, unless that does not matter", async () => {
  const attrs = { ref: "127.0.0.1:1/nobody" };
  await expect(build({ cacheTo: [{ type: "registry", attrs }] })).rejects.toThrow("connection refused");
  await build({ cacheTo: [{ type: "registry", attrs: { ...attrs, "ignore-error": "true" } }] });
});
