/** Statements about images: where they come from and what is in them, beside the images that they are of, as BuildKit stores them. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { solve, type Wish } from "../harness/buildkit-client.ts";
import { type ContextFiles, classicBuild } from "../harness/classic-build.ts";
import { TestEngine } from "../harness/engine.ts";
import { type ArchiveDescriptor, ImageArchive } from "../harness/image-archive.ts";
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
  Dockerfile: "FROM busybox\nARG WORD\nRUN --mount=type=secret,id=key true\nCOPY a /a\n",
  a: "A",
};

interface Statement {
  readonly _type: string;
  readonly predicateType: string;
  readonly subject: readonly { readonly name: string; readonly digest: { readonly sha256: string } }[];
  readonly predicate: Readonly<Record<string, unknown>>;
}

async function archive(options: Record<string, string>, files = FILES): Promise<ImageArchive> {
  const { sent } = await solve(engine, files, { exporters: [{ type: "oci", attrs: { name: "a:1,b:2" } }], options });
  return new ImageArchive(sent.get(0) ?? Buffer.alloc(0));
}

/** Of each image of the archive's index, with what is stated of it. */
function statements(image: ImageArchive): { of: ArchiveDescriptor | undefined; stated: Statement[] }[] {
  const { manifests = [] } = image.document(image.root.digest);
  const attested = manifests.filter(({ annotations }) => annotations?.["vnd.docker.reference.type"] !== undefined);
  return attested.map(({ digest, annotations, platform }) => {
    expect(annotations?.["vnd.docker.reference.type"]).toBe("attestation-manifest");
    expect(platform).toEqual({ architecture: "unknown", os: "unknown" });
    const { layers = [], config } = image.document(digest);
    expect(JSON.parse(image.blob(config?.digest ?? "").toString())).toEqual({
      architecture: "unknown",
      os: "unknown",
      config: {},
      rootfs: { type: "layers", diff_ids: layers.map((layer) => layer.digest) },
    });
    const stated = layers.map((layer) => {
      const statement = JSON.parse(image.blob(layer.digest).toString()) as Statement;
      expect(layer.mediaType).toBe("application/vnd.in-toto+json");
      expect(layer.annotations).toEqual({ "in-toto.io/predicate-type": statement.predicateType });
      return statement;
    });
    return { of: manifests.find((each) => each.digest === annotations?.["vnd.docker.reference.digest"]), stated };
  });
}

describe("provenance", () => {
  test("names the image, what went into it and what was asked for; not its arguments, with the least of it", async () => {
    const options = {
      "attest:provenance": "mode=min,builder-id=https://me",
      "build-arg:WORD": "private",
      filename: "Dockerfile",
    };
    const [found, ...others] = statements(await archive(options));
    expect(others).toEqual([]);
    const [statement] = found?.stated ?? [];
    expect(statement).toMatchObject({
      _type: "https://in-toto.io/Statement/v0.1",
      predicateType: "https://slsa.dev/provenance/v0.2",
      subject: ["a@1", "b@2"].map((name) => ({
        name: `pkg:docker/${name}?platform=linux%2Famd64`,
        digest: { sha256: found?.of?.digest.slice(7) },
      })),
      predicate: {
        builder: { id: "https://me" },
        buildType: "https://mobyproject.org/buildkit@v1",
        materials: expect.arrayContaining([
          { uri: "pkg:docker/busybox@latest?platform=linux%2Famd64", digest: { sha256: expect.any(String) as string } },
        ]) as unknown[],
        invocation: { configSource: { entryPoint: "Dockerfile" }, parameters: { frontend: "dockerfile.v0" } },
        metadata: { completeness: { parameters: false, environment: true, materials: true }, reproducible: false },
      },
    });
    const text = JSON.stringify(statement);
    for (const word of ["private", '"key"', "buildConfig", "COPY"]) expect(text).not.toContain(word);
  });

  test("has the graph, the file and the names of secrets, with the most", async () => {
    const [found] = statements(await archive({ "attest:provenance": "", "build-arg:WORD": "told" }));
    const predicate = found?.stated[0]?.predicate;
    expect(predicate).toMatchObject({
      invocation: {
        parameters: { args: { "build-arg:WORD": "told" }, secrets: [{ id: "key", optional: true }] },
      },
      metadata: { completeness: { parameters: true } },
    });
    const { buildConfig, metadata } = predicate as unknown as {
      buildConfig: { llbDefinition: { id: string; op: unknown; inputs?: string[] }[] };
      metadata: Record<string, { source: { infos: { data: string }[]; locations: Record<string, unknown> } }>;
    };
    const steps = buildConfig.llbDefinition;
    expect(steps.at(-1)?.inputs?.length).toBe(2);
    expect(JSON.stringify(steps)).toContain('"exec"');
    const source = metadata["https://mobyproject.org/buildkit@v1#metadata"]?.source;
    expect(Buffer.from(source?.infos[0]?.data ?? "", "base64").toString()).toBe(FILES["Dockerfile"] as string);
    expect(Object.keys(source?.locations ?? {})).toContain(steps.at(-1)?.id ?? "");
  });

  test("speaks the newer version too", async () => {
    const [found] = statements(await archive({ "attest:provenance": "version=v1,mode=min" }));
    expect(found?.stated[0]).toMatchObject({
      predicateType: "https://slsa.dev/provenance/v1",
      predicate: {
        buildDefinition: { externalParameters: { configSource: { path: "Dockerfile" } } },
        runDetails: { metadata: { buildkit_completeness: { request: true } } },
      },
    });
  });

  test("is stated of each platform", async () => {
    const files = { Dockerfile: "FROM scratch\nCOPY a /a\n", a: "A" };
    const image = await archive({ "attest:provenance": "mode=min", platform: "linux/amd64,linux/arm64" }, files);
    expect(statements(image).map(({ of }) => of?.platform?.architecture)).toEqual(["amd64", "arm64"]);
    const kinds = (image.document(image.root.digest).manifests ?? []).map(
      ({ annotations }) => annotations === undefined,
    );
    expect(kinds).toEqual([true, true, false, false]);
  });

  test("goes to a registry with the image, when it may only go with images", async () => {
    const name = `${registry.host}/stated:1`;
    const wish: Wish = {
      exporters: [{ type: "image", attrs: { name, push: "true" } }],
      options: { "attest:provenance": "mode=min,inline-only=true" },
    };
    const { answers } = await solve(engine, FILES, wish);
    const index = (await (
      await fetch(`http://${registry.host}/v2/stated/manifests/1`, {
        headers: { Accept: "application/vnd.oci.image.index.v1+json" },
      })
    ).json()) as { manifests: unknown[] };
    expect(index.manifests).toHaveLength(2);
    expect(answers.has("containerimage.config.digest")).toBe(false);
    await engine.dockerOutput("rmi", name);
    await engine.dockerOutput("pull", "-q", name);
    expect(await engine.dockerOutput("run", "--rm", name, "cat", "/a")).toBe("A");
  });

  test.each([
    ["the store", "image", {}],
    ["a docker archive", "docker", {}],
    ["files", "tar", {}],
  ])("is refused for %s, which cannot hold it, and passed over when it need not", async (_what, type, attrs) => {
    const exporters = [{ type, attrs }];
    await expect(solve(engine, FILES, { exporters, options: { "attest:provenance": "mode=min" } })).rejects.toThrow(
      /attestations|manifest lists/,
    );
    await solve(engine, FILES, { exporters, options: { "attest:provenance": "mode=min,inline-only=true" } });
    await solve(engine, FILES, { exporters, options: { "attest:provenance": "disabled=true" } });
  });

  test.each([
    ["a mode", "attest:provenance", "mode=all", 'invalid mode "all" for provenance attestation'],
    ["an option", "attest:provenance", "foo=1", 'provenance attestation: option "foo" is not supported'],
    ["a kind", "attest:wishes", "", 'unknown attestation type "wishes"'],
  ])("of %s that is not known is refused", async (_what, key, value, message) => {
    await expect(archive({ [key]: value })).rejects.toThrow(message);
  });
});

describe("a bill of materials", () => {
  const SCANNER = [
    "#!/bin/sh",
    'cd "$BUILDKIT_SCAN_SOURCE" || exit 1',
    'found=$(find . -maxdepth 1 -name a -o -maxdepth 1 -name escaped | sort | tr "\\n" " ")',
    'printf \'{"_type":"https://in-toto.io/Statement/v0.1","predicateType":"https://spdx.dev/Document","subject":[{"name":"me"}],"predicate":{"found":"%s"}}\' "$found" > "$BUILDKIT_SCAN_DESTINATION/scan.spdx.json"',
    'touch "$BUILDKIT_SCAN_SOURCE/changed" 2>/dev/null && exit 1; exit 0',
  ].join("\n");

  const scanner = (script: string): ContextFiles => ({
    Dockerfile: 'FROM busybox\nCOPY scan /scan\nENTRYPOINT ["/scan"]\n',
    scan: { type: "file", data: Buffer.from(script), mode: 0o755 },
  });

  test("is what the named scanner says of the files, with the image as its subject", async () => {
    await classicBuild(engine, scanner(SCANNER), { t: "scanner:1" });
    const [found] = statements(
      await archive({ "attest:sbom": "generator=scanner:1", "attest:provenance": "mode=min" }),
    );
    expect(found?.stated.map(({ predicateType }) => predicateType)).toEqual([
      "https://spdx.dev/Document",
      "https://slsa.dev/provenance/v0.2",
    ]);
    const [bill] = found?.stated ?? [];
    expect(bill?.predicate).toEqual({ found: "./a " });
    expect(bill?.subject[0]?.digest.sha256).toBe(found?.of?.digest.slice(7) ?? "");
  });

  test.each([
    ["cannot be had", "nobody.invalid/scanner:9", "", "the sbom generator nobody.invalid/scanner:9 cannot be had"],
    ["says nothing", "scanner:2", "#!/bin/sh\nexit 0", "sbom generator scanner:2 has written no statement"],
    ["fails", "scanner:3", "#!/bin/sh\nexit 7", "exit code: 7"],
    [
      "writes what is none",
      "scanner:4",
      '#!/bin/sh\necho "{}" > "$BUILDKIT_SCAN_DESTINATION/x.json"',
      "the scanner's x.json is no in-toto statement",
    ],
    [
      "puts a link where its words should be",
      "scanner:5",
      '#!/bin/sh\nrm -r "$BUILDKIT_SCAN_DESTINATION"; ln -s /etc "$BUILDKIT_SCAN_DESTINATION"',
      "has written no statement",
    ],
  ])("is refused when the scanner %s", async (_what, generator, script, message) => {
    if (script !== "") await classicBuild(engine, scanner(script), { t: generator });
    await expect(archive({ "attest:sbom": `generator=${generator}` })).rejects.toThrow(message);
  });
});
