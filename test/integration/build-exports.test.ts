/** What builds export: archives, layouts and pushed images with the structure of BuildKit's, in every form that clients ask for. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { createHash } from "node:crypto";
import { join } from "node:path";
import { type Outcome, type Stores, solve, type Wish } from "../harness/buildkit-client.ts";
import { type ContextFiles, classicBuild } from "../harness/classic-build.ts";
import { TestEngine } from "../harness/engine.ts";
import { type ArchiveDocument, ImageArchive, readTar } from "../harness/image-archive.ts";
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

const FILES: ContextFiles = {
  Dockerfile: "FROM scratch\nCOPY a /a\nCOPY a /b/c\nARG TARGETARCH\nENV ARCH=$TARGETARCH\n",
  a: { type: "file", data: Buffer.from("A\n"), mtimeSec: 1_500_000_000 },
};

const sha256 = (bytes: Uint8Array): string => `sha256:${createHash("sha256").update(bytes).digest("hex")}`;

async function archive(attrs: Record<string, string>, wish: Wish = {}, type = "oci"): Promise<ImageArchive & Outcome> {
  const outcome = await solve(engine, FILES, { ...wish, exporters: [{ type, attrs }] });
  return Object.assign(new ImageArchive(outcome.sent.get(0) ?? Buffer.alloc(0)), outcome);
}

describe("an OCI archive", () => {
  test("has the image under its names, and its blobs are what their digests say", async () => {
    const image = await archive({ name: "one:1,two" });
    const { manifests = [] } = image.json<ArchiveDocument>("index.json");
    expect(manifests.map(({ annotations = {} }) => annotations["io.containerd.image.name"])).toEqual([
      "docker.io/library/one:1",
      "docker.io/library/two:latest",
    ]);
    expect(manifests.map(({ annotations = {} }) => annotations["org.opencontainers.image.ref.name"])).toEqual([
      "1",
      "latest",
    ]);
    expect(image.root.mediaType).toBe("application/vnd.oci.image.manifest.v1+json");
    expect(image.root.platform).toMatchObject({ os: "linux" });
    for (const name of image.names.filter((each) => /sha256\/./.test(each))) {
      expect(sha256(image.blob(`sha256:${name.slice(13)}`))).toBe(`sha256:${name.slice(13)}`);
    }
    const { config, layers = [] } = image.document(image.root.digest);
    expect(config?.mediaType).toBe("application/vnd.oci.image.config.v1+json");
    expect(layers.map(({ mediaType }) => mediaType)).toEqual(
      Array(2).fill("application/vnd.oci.image.layer.v1.tar+gzip"),
    );
    expect(layers.flatMap((layer) => image.layer(layer).map(({ name }) => name))).toEqual(["a", "b/", "b/c"]);
    expect(Object.fromEntries(image.answers)).toMatchObject({
      "containerimage.digest": image.root.digest,
      "containerimage.config.digest": config?.digest ?? "",
      "image.name": "docker.io/library/one:1,docker.io/library/two:latest",
    });
    const told = Buffer.from(image.answers.get("containerimage.descriptor") ?? "", "base64").toString();
    expect(JSON.parse(told)).toMatchObject({ digest: image.root.digest, size: image.root.size });
  });

  test.each([
    ["gzip", "application/vnd.oci.image.layer.v1.tar+gzip"],
    ["zstd", "application/vnd.oci.image.layer.v1.tar+zstd"],
    ["uncompressed", "application/vnd.oci.image.layer.v1.tar"],
  ])("has layers as %s", async (compression, mediaType) => {
    const image = await archive({ compression, "force-compression": "true", "compression-level": "2" });
    const { layers = [] } = image.document(image.root.digest);
    expect(layers.map((layer) => layer.mediaType)).toEqual([mediaType, mediaType]);
    expect(layers.flatMap((layer) => image.layer(layer).map(({ name }) => name))).toEqual(["a", "b/", "b/c"]);
  });

  test("has an index for several platforms, with the annotations of each document", async () => {
    const image = await archive(
      {
        "annotation-index.c": "d",
        "annotation-manifest[linux/arm64].x": "y",
        "annotation-index-descriptor.g": "h",
        "annotation-manifest-descriptor[linux/amd64].k": "l",
      },
      { options: { platform: "linux/amd64,linux/arm64" } },
    );
    expect(image.root).toMatchObject({ mediaType: "application/vnd.oci.image.index.v1+json", annotations: { g: "h" } });
    const index = image.document(image.root.digest);
    expect(index.annotations).toEqual({ c: "d" });
    const [amd, arm] = index.manifests ?? [];
    expect([amd?.platform, arm?.platform]).toEqual([
      { architecture: "amd64", os: "linux" },
      { architecture: "arm64", os: "linux" },
    ]);
    expect([amd?.annotations, arm?.annotations]).toEqual([{ k: "l" }, undefined]);
    expect(image.document(arm?.digest ?? "").annotations).toEqual({ x: "y" });
    const configs = [amd, arm].map((each) => image.document(each?.digest ?? "").config?.digest ?? "");
    const envs = configs.map((digest) => (JSON.parse(image.blob(digest).toString()) as Config).config.Env.at(-1));
    expect(envs).toEqual(["ARCH=amd64", "ARCH=arm64"]);
    expect(image.answers.has("containerimage.config.digest")).toBe(false);
  });

  test("is the same bytes for the same source at the same time", async () => {
    const wish = { options: { "build-arg:SOURCE_DATE_EPOCH": "1000000000" } };
    const first = await archive({ "rewrite-timestamp": "true" }, wish);
    const second = await archive({ "rewrite-timestamp": "true" }, { options: { ...wish.options, "no-cache": "" } });
    expect(second.root.digest).toBe(first.root.digest);
    expect(first.root.annotations?.["org.opencontainers.image.created"]).toBe("2001-09-09T01:46:40Z");
    const { layers = [], config } = first.document(first.root.digest);
    expect(layers.map(({ annotations }) => annotations)).toEqual(
      Array(2).fill({ "buildkit/rewritten-timestamp": "1000000000" }),
    );
    const times = layers.flatMap((layer) => first.layer(layer).map(({ mtimeNs }) => Number(mtimeNs / 1_000_000_000n)));
    expect(times).toEqual([1e9, 1e9, 1e9]);
    const { created, history } = JSON.parse(first.blob(config?.digest ?? "").toString()) as Config;
    expect([created, ...history.map((step) => step.created)]).toEqual(Array(5).fill("2001-09-09T01:46:40Z"));
  });

  test("keeps the times of files without that", async () => {
    const image = await archive({}, { options: { "build-arg:SOURCE_DATE_EPOCH": "1000000000" } });
    const [layer] = image.document(image.root.digest).layers ?? [];
    if (layer === undefined) throw new Error("no layer");
    expect(image.layer(layer).map(({ mtimeNs }) => Number(mtimeNs / 1_000_000_000n))).toEqual([1_500_000_000]);
  });

  test("goes file by file into a store of the client's", async () => {
    const stores: Stores = new Map();
    const { answers, sent } = await solve(engine, FILES, {
      exporters: [{ type: "oci", attrs: { tar: "false" } }],
      stores,
    });
    expect(sent.size).toBe(0);
    const blobs = stores.get("export") ?? new Map<string, Buffer>();
    expect([...blobs].every(([digest, bytes]) => sha256(bytes) === digest)).toBe(true);
    expect(blobs.size).toBe(4);
    expect(blobs.has(answers.get("containerimage.digest") ?? "")).toBe(true);
  });
});

interface Config {
  readonly created: string;
  readonly config: { readonly Env: readonly string[] };
  readonly history: readonly { readonly created: string }[];
}

test("a docker archive loads into an engine, under its names", async () => {
  const { sent } = await solve(engine, FILES, { exporters: [{ type: "docker", attrs: { name: "loaded:1" } }] });
  const file = join(engine.dir, "docker.tar");
  await Bun.write(file, sent.get(0) ?? "");
  expect(await engine.dockerOutput("load", "-q", "-i", file)).toContain("loaded:1");
  await engine.dockerOutput("rmi", "loaded:1");
});

test("one build goes out in several ways at once", async () => {
  const exporters = [
    { type: "tar", attrs: {} },
    { type: "oci", attrs: { name: "both:1" } },
    { type: "image", attrs: { name: "both:1" } },
  ];
  const { sent } = await solve(engine, FILES, { exporters });
  expect(readTar(sent.get(0) ?? Buffer.alloc(0)).map(({ entry }) => entry.name)).toEqual(["a", "b/", "b/c"]);
  expect(new ImageArchive(sent.get(1) ?? Buffer.alloc(0)).root.mediaType).toContain("oci");
  expect(await engine.dockerOutput("images", "-q", "both:1")).not.toBe("");
});

test("a tar of several platforms has a directory for each, and the time that is asked for", async () => {
  const options = { platform: "linux/arm64,linux/amd64", "build-arg:SOURCE_DATE_EPOCH": "1000000000" };
  const { sent } = await solve(engine, FILES, { exporters: [{ type: "tar", attrs: {} }], options });
  const entries = readTar(sent.get(0) ?? Buffer.alloc(0)).map(({ entry }) => entry);
  const files = ["", "a", "b/", "b/c"];
  expect(entries.map(({ name }) => name)).toEqual([
    ...files.map((name) => `linux_amd64/${name}`),
    ...files.map((name) => `linux_arm64/${name}`),
  ]);
  expect(new Set(entries.map(({ mtimeNs }) => Number(mtimeNs / 1_000_000_000n)))).toEqual(new Set([1e9]));
});

describe("a pushed image", () => {
  const manifest = async (name: string): Promise<ArchiveDocument & { digest: string }> => {
    const [path, tag] = name.split(":");
    const types = ["oci.image.index.v1", "oci.image.manifest.v1", "docker.distribution.manifest.v2"];
    const Accept = types.map((type) => `application/vnd.${type}+json`).join(", ");
    const answer = await fetch(`http://${registry.host}/v2/${path}/manifests/${tag}`, { headers: { Accept } });
    const digest = answer.headers.get("docker-content-digest") ?? "";
    return { ...((await answer.json()) as ArchiveDocument), digest };
  };

  test("is in the registry under each name, and in the store", async () => {
    const name = ["a:1", "a:2", "b:1"].map((each) => `${registry.host}/${each}`).join(",");
    const { answers } = await solve(engine, FILES, { exporters: [{ type: "image", attrs: { name, push: "true" } }] });
    const pushed = await Promise.all([manifest("a:1"), manifest("a:2"), manifest("b:1")]);
    expect(new Set(pushed.map(({ digest }) => digest))).toEqual(new Set([answers.get("containerimage.digest") ?? ""]));
    expect(pushed[0]?.mediaType).toBe("application/vnd.docker.distribution.manifest.v2+json");
    const [image] = JSON.parse(await engine.dockerOutput("inspect", `${registry.host}/a:1`)) as [
      { RepoDigests: string[] },
    ];
    expect(image.RepoDigests).toContain(`${registry.host}/a@${answers.get("containerimage.digest")}`);
    await engine.dockerOutput("rmi", "-f", ...name.split(","));
    await engine.dockerOutput("pull", "-q", `${registry.host}/a:1`);
  });

  test("for several platforms is an index; the store keeps the one that runs here", async () => {
    const name = `${registry.host}/multi:1`;
    const exporters = [{ type: "image", attrs: { name, push: "true", compression: "zstd" } }];
    const { answers } = await solve(engine, FILES, { exporters, options: { platform: "linux/amd64,linux/arm64" } });
    const index = await manifest("multi:1");
    expect(index.digest).toBe(answers.get("containerimage.digest") ?? "");
    expect(index.manifests?.map(({ platform }) => platform?.architecture)).toEqual(["amd64", "arm64"]);
    const from = { Dockerfile: `FROM ${name}\nCOPY a /more\n`, a: "more" };
    const both = await solve(engine, from, {
      exporters: [{ type: "tar", attrs: {} }],
      options: { platform: "linux/amd64,linux/arm64" },
    });
    const names = readTar(both.sent.get(0) ?? Buffer.alloc(0)).map(({ entry }) => entry.name);
    expect(names.filter((each) => each.endsWith("/more"))).toEqual(["linux_amd64/more", "linux_arm64/more"]);
    // The name still means what runs here.
    expect(await engine.dockerOutput("inspect", "-f", "{{.Architecture}}", name)).toBe("amd64");
  });

  test("by digest has no tag, in no store when it is not to be stored", async () => {
    const name = `${registry.host}/digest`;
    const attrs = { name, push: "true", "push-by-digest": "true", store: "false" };
    const { answers } = await solve(engine, FILES, { exporters: [{ type: "image", attrs }] });
    const digest = answers.get("containerimage.digest") ?? "";
    expect((await fetch(`http://${registry.host}/v2/digest/manifests/${digest}`)).status).toBe(200);
    expect((await fetch(`http://${registry.host}/v2/digest/manifests/latest`)).status).toBe(404);
    expect(await engine.dockerOutput("images", "-q", name)).toBe("");
  });

  test.each<[string, Record<string, string>, string]>([
    ["without a name", { push: "true" }, "tag is needed when pushing to registry"],
    ["by digest under a tag", { push: "true", "push-by-digest": "true", name: "HOST/x:1" }, "by digest"],
  ])("%s is refused", async (_what, attrs, message) => {
    const named = attrs["name"]?.replace("HOST", registry.host);
    const exporter = { type: "image", attrs: { ...attrs, ...(named === undefined ? {} : { name: named }) } };
    await expect(solve(engine, FILES, { exporters: [exporter] })).rejects.toThrow(message);
  });

  test("leaves through the classic door too", async () => {
    const outputs = JSON.stringify([{ Type: "image", Attrs: { name: `${registry.host}/classic:1`, push: "true" } }]);
    expect((await classicBuild(engine, FILES, { version: "2", outputs })).error).toBe("");
    expect((await manifest("classic:1")).mediaType).toContain("manifest.v2");
  });
});

test("an image in a client's OCI layout is a base", async () => {
  const exporters = [{ type: "oci", attrs: { tar: "false" } }];
  const stores: Stores = new Map();
  const { answers } = await solve(engine, FILES, { exporters, stores });
  const layout: Stores = new Map([["oci:mine", stores.get("export") ?? new Map<string, Buffer>()]]);
  const context = `oci-layout://mine@${answers.get("containerimage.digest")}`;
  const files = { Dockerfile: "FROM base\nCOPY a /more\n", a: "more" };
  const wish = { exporters: [{ type: "tar", attrs: {} }], stores: layout, options: { "context:base": context } };
  const names = readTar((await solve(engine, files, wish)).sent.get(0) ?? Buffer.alloc(0)).map(
    ({ entry }) => entry.name,
  );
  expect(names).toEqual(["a", "b/", "b/c", "more"]);
  for (const blobs of layout.values())
    for (const [digest, bytes] of blobs) blobs.set(digest, Buffer.concat([bytes, bytes]));
  await expect(solve(engine, files, wish)).rejects.toThrow("is not what its digest says");
});

test("a context that nobody can fetch is the fault of those who use it", async () => {
  const options = { "context:base": "target:other" };
  const files = { Dockerfile: "FROM scratch AS a\nCOPY a /a\nFROM a\nCOPY --from=base /x /\n", a: "more" };
  const without = await solve(engine, files, { options: { ...options, target: "a" } });
  expect([...without.answers.keys()]).toEqual([]);
  const problem = "unsupported context source target for base";
  await expect(solve(engine, files, { options })).rejects.toThrow(problem);
});

test("a program of another machine says so", async () => {
  const elf = Buffer.alloc(256);
  // ELF, 64 bits, little-endian, an executable of AArch64.
  elf.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1]);
  elf.writeUInt16LE(2, 16);
  elf.writeUInt16LE(183, 18);
  elf.writeUInt32LE(1, 20);
  elf.writeBigUInt64LE(64n, 32);
  elf.writeUInt16LE(64, 52);
  elf.writeUInt16LE(56, 54);
  elf.writeUInt16LE(1, 56);
  const files: ContextFiles = {
    Dockerfile: 'FROM busybox\nCOPY fake /bin/fake\nRUN ["/bin/fake"]\n',
    fake: { type: "file", data: elf, mode: 0o755 },
  };
  const { error, output } = await classicBuild(engine, files);
  expect(output).toContain("exec /bin/fake: exec format error");
  expect(error).toContain("returned a non-zero code: 255");
});

test.each<[string, Record<string, string>, string]>([
  ["oci", { bogus: "1" }, 'oci: option "bogus" is not supported'],
  ["docker", { compression: "lz4" }, "unsupported compression type lz4"],
])("%s refuses what nobody carries out before anything is built", async (type, attrs, message) => {
  const files = { Dockerfile: "FROM busybox\nRUN exit 1\n" };
  await expect(solve(engine, files, { exporters: [{ type, attrs }] })).rejects.toThrow(message);
});

test("docker archives and the store take one platform", async () => {
  const options = { platform: "linux/amd64,linux/arm64" };
  for (const type of ["docker", "image"]) {
    await expect(solve(engine, FILES, { exporters: [{ type, attrs: {} }], options })).rejects.toThrow(
      "docker exporter does not currently support exporting manifest lists",
    );
  }
});
