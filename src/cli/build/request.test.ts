/** What the flags of a build mean, and what is said of those that mean nothing, in buildx's words. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { writeTar } from "../../base/tar/writer.ts";
import { parseFlags } from "../flags.ts";
import { keptIo, run } from "../testdata/surroundings.ts";
import { callOf, frontendAttrs } from "./attributes.ts";
import { openCaches } from "./caches.ts";
import { type ContextWish, openContext } from "./context.ts";
import { BUILD_FLAGS, type BuildFlags } from "./flags.ts";
import { findDigest, putDescriptor } from "./layout.ts";
import { planOutputs } from "./outputs.ts";
import { openSecrets } from "./secrets.ts";

let cwd: string;
beforeAll(() => {
  cwd = mkdtempSync(join(tmpdir(), "build-request-"));
  mkdirSync(join(cwd, "sub"));
  writeFileSync(join(cwd, "sub/Other"), "FROM scratch\n");
  writeFileSync(join(cwd, "secret"), "s3cret");
  writeFileSync(join(cwd, "large"), new Uint8Array(600_000));
});
afterAll(() => rmSync(cwd, { recursive: true }));

const flagsOf = (...argv: readonly string[]): BuildFlags => parseFlags(BUILD_FLAGS, argv, true).values;
const attrsOf = (...argv: readonly string[]) =>
  Object.fromEntries(frontendAttrs(flagsOf(...argv), { FROM_ENV: "env", EMPTY: "" }));

describe("words for the frontend", () => {
  test.each([
    [["--target", "one"], { target: "one" }],
    [["--platform", "linux/amd64,linux/arm64", "--platform", "arm"], { platform: "linux/amd64,linux/arm64,arm" }],
    [["--no-cache"], { "no-cache": "" }],
    [["--no-cache-filter", "a", "--no-cache-filter", "b"], { "no-cache": "a,b" }],
    [["--pull"], { "image-resolve-mode": "pull" }],
    [["--network=host"], { "force-network-mode": "host" }],
    [["--network=default"], {}],
    [["--add-host", "a:1.2.3.4", "--add-host", "b=[::1]"], { "add-hosts": "a=1.2.3.4,b=::1" }],
    [
      ["--build-arg", "A=b=c", "--build-arg", "FROM_ENV", "--build-arg", "EMPTY", "--build-arg", "NOWHERE"],
      { "build-arg:A": "b=c", "build-arg:FROM_ENV": "env", "build-arg:EMPTY": "" },
    ],
    [["--label", "a=b", "--label", "c"], { "label:a": "b", "label:c": "" }],
    [
      ["--shm-size=64m", "--memory=1g", "--cpus=1.5"],
      { "shm-size": "67108864", memory: "1073741824", "cpu-period": "100000", "cpu-quota": "150000" },
    ],
    [["--ulimit", "nofile=10:20", "--ulimit", "core=0"], { ulimit: "nofile=10:20,core=0:0" }],
    [["--run-timeout=1m30s"], { "run-timeout": "90000000000ns" }],
    [["--check"], { requestid: "frontend.lint" }],
    [["--call=outline,format=json"], { requestid: "frontend.outline" }],
    [["--provenance=mode=max", "--sbom=false"], { "attest:provenance": "mode=max" }],
    [["--attest", "type=sbom,generator=x"], { "attest:sbom": "generator=x" }],
  ])("%j", (argv, attrs) => {
    expect(attrsOf(...argv)).toEqual(attrs);
  });

  test.each([
    [["--no-cache", "--no-cache-filter", "x"], "--no-cache and --no-cache-filter cannot currently be used together"],
    [["--network", "foo"], 'network mode "foo" not supported by buildkit'],
    [["--platform", "a/b/c/d"], '"a/b/c/d": cannot parse platform specifier: invalid argument'],
    [["--add-host", "a"], "ERROR: failed to build: invalid host a"],
    [["--label", "=x"], 'ERROR: invalid key-value pair "=x": empty key'],
  ])("%j is refused", (argv, message) => {
    expect(() => attrsOf(...argv)).toThrow(message);
  });

  test("--call says what is asked and how it is answered", () => {
    expect(callOf(flagsOf("--call=check,format=json"))).toEqual({ name: "lint", format: "json" });
    expect(callOf(flagsOf())).toEqual({ name: "", format: "" });
  });
});

const plan = (...argv: readonly string[]) => {
  const { output, tag, annotation, push, load } = flagsOf(...argv);
  const { exporters, destinations } = planOutputs({ outputs: output, tags: tag, annotations: annotation, push, load });
  return {
    exporters: exporters.map(({ type, attrs }) => ({ type, ...Object.fromEntries(attrs) })),
    destinations: [...destinations],
  };
};

describe("outputs", () => {
  const image = (more: object = {}) => ({ type: "moby", ...more });
  test.each([
    [[], [image()], []],
    [["-t", "a", "-t", "b:1"], [image({ name: "a,b:1" })], []],
    [["--load", "-t", "a"], [image({ name: "a" })], []],
    [["--push", "-t", "a"], [image({ name: "a", push: "true" })], []],
    [["--push", "--load", "-t", "a"], [image({ name: "a", push: "true" })], []],
    [["-o", "out"], [{ type: "local" }], [[0, { kind: "directory", path: "out" }]]],
    [["-o", "-"], [{ type: "tar" }], [[0, { kind: "stdout" }]]],
    [["-o", "type=tar,dest=x.tar"], [{ type: "tar" }], [[0, { kind: "file", path: "x.tar" }]]],
    [["-o", "type=oci,dest=x.tar", "-t", "a"], [{ type: "oci", name: "a" }], [[0, { kind: "file", path: "x.tar" }]]],
    [["-o", "type=oci,tar=false,dest=x"], [{ type: "oci", tar: "false" }], [[0, { kind: "layout", path: "x" }]]],
    [["-o", "type=docker"], [image()], []],
    [["-o", "type=docker,dest=x"], [{ type: "docker" }], [[0, { kind: "file", path: "x" }]]],
    [["-o", "type=image,name=n,push=true"], [image({ name: "n", push: "true" })], []],
    [["-o", '"type=local","dest=a,b"'], [{ type: "local" }], [[0, { kind: "directory", path: "a,b" }]]],
    [["--load", "-o", "out"], [{ type: "local" }, image()], [[0, { kind: "directory", path: "out" }]]],
    [
      ["--annotation", "a=b", "--annotation", "index:c=d"],
      [image({ "annotation.a": "b", "annotation-index.c": "d" })],
      [],
    ],
  ])("%j", (argv, exporters, destinations) => {
    expect(plan(...argv)).toEqual({ exporters, destinations } as ReturnType<typeof plan>);
  });

  test.each([
    [["-t", "UPPER"], 'invalid tag "UPPER": repository name must be lowercase'],
    [["-t", "a:b:c"], 'invalid tag "a:b:c": invalid reference format'],
    [["-t", `a@sha256:${"0".repeat(64)}`], "refusing to create a tag with a digest reference"],
    [["-o", "type=local"], "dest is required for local exporter"],
    [["-o", "dest=x"], "type is required for output"],
    [["--push"], "tag is needed when pushing to registry"],
    [["-o", "type=oci,tar=false"], "dest is required for oci exporter"],
    [["-o", "type=local,foo"], "invalid field 'foo' must be a key=value pair"],
    [["--annotation", "a"], 'invalid annotation "a", expected key=value'],
  ])("%j is refused", (argv, message) => {
    expect(() => plan(...argv)).toThrow(message);
  });
});

describe("secrets", () => {
  const secret = async (spec: string): Promise<string> => {
    const secrets = openSecrets({ cwd, variables: { TOKEN: "t0ken", secret: "shadow" } }, [spec]);
    const [[id, found] = []] = secrets;
    return `${id} ${Buffer.from((await found?.read()) ?? []).toString()}`;
  };
  test.each([
    ["id=a,src=secret", "a s3cret"],
    ["id=a,source=./secret", "a s3cret"],
    ["type=file,id=a,src=secret", "a s3cret"],
    ["id=a,env=TOKEN", "a t0ken"],
    ["type=env,id=a,src=TOKEN", "a t0ken"],
    ["id=TOKEN", "TOKEN t0ken"],
    ["id=a,env=NOWHERE", "a "],
  ])("%p is %p", async (spec, text) => {
    expect(await secret(spec)).toBe(text);
  });

  test.each([
    ["src=secret", "secret missing ID"],
    ["id=a,src=gone", "failed to stat gone: stat gone: no such file or directory"],
    ["id=a,src=large", "secret large too big. max size 500KB"],
    ["id=a,what=b", "unexpected key 'what' in 'id=a,what=b'"],
    ["id=a,type=foo", 'unsupported secret type "foo"'],
    ["src", "invalid field 'src' must be a key=value pair"],
  ])("%p is refused", (spec, message) => {
    expect(secret(spec)).rejects.toThrow(message);
  });
});

describe("the context", () => {
  const open = (wish: Partial<ContextWish>, stdin = "") =>
    openContext({ context: ".", file: "", named: [], ...wish }, { env: { cwd }, io: keptIo({ stdin }) });
  const shown = async (wish: Partial<ContextWish>, stdin = "") => {
    const { attrs, directories, upload } = await open(wish, stdin);
    return { attrs: Object.fromEntries(attrs), directories: [...directories.keys()], uploads: upload !== undefined };
  };
  const NONE = { include: [], exclude: [], follow: [] };
  const namesIn = async (directory: string, wish: Partial<ContextWish>, stdin = ""): Promise<string[]> => {
    const tree = await (await open(wish, stdin)).directories.get(directory)?.(NONE);
    return (await Array.fromAsync(tree?.entries ?? [])).flat().map(({ path }) => path);
  };

  test("a directory is served with that of its Dockerfile", async () => {
    expect(await shown({})).toEqual({
      attrs: { filename: "Dockerfile" },
      directories: ["context", "dockerfile"],
      uploads: false,
    });
    expect(await namesIn("context", {})).toEqual(["large", "secret", "sub", "sub/Other"]);
  });

  test("--file is seen from the working directory, whatever the context", async () => {
    expect((await shown({ context: "sub", file: "sub/Other" })).attrs).toEqual({ filename: "Other" });
    expect(await namesIn("dockerfile", { file: "sub/Other" })).toEqual(["Other"]);
  });

  test("a Dockerfile on standard input is alone, or goes with a directory", async () => {
    expect(await namesIn("context", { context: "-" }, "FROM scratch")).toEqual([]);
    expect(await namesIn("dockerfile", { context: "-" }, "FROM scratch")).toEqual(["Dockerfile"]);
    expect(await namesIn("dockerfile", { file: "-" }, "FROM scratch")).toEqual(["Dockerfile"]);
    expect(await namesIn("context", { file: "-" }, "FROM scratch")).toContain("secret");
  });

  test("an archive on standard input is a context", async () => {
    const tar = writeTar([{ type: "file", name: "Dockerfile", data: Buffer.from("FROM scratch\n") }]).toString(
      "latin1",
    );
    const { attrs, directories, uploads } = await shown({ context: "-" }, tar);
    expect(attrs).toEqual({ context: expect.stringMatching(/^http:\/\/buildkit-session\/[0-9a-z]{25}$/) });
    expect([directories, uploads]).toEqual([[], true]);
  });

  test("an address is the engine's business", async () => {
    const url = "https://example.com/a.git#main";
    expect(await shown({ context: url, file: "x/Dockerfile" })).toEqual({
      attrs: { context: url, filename: "x/Dockerfile" },
      directories: [],
      uploads: false,
    });
    expect((await shown({ context: url, file: "-" }, "FROM scratch")).attrs).toEqual({
      context: url,
      filename: "Dockerfile",
      dockerfilekey: "dockerfile",
    });
  });

  test("named contexts are directories, images, addresses and layouts", async () => {
    await putDescriptor(join(cwd, "layout"), "v1", { digest: `sha256:${"a".repeat(64)}` });
    const named = ["dir=sub", "img=docker-image://busybox", "git=https://x/y.git", "lay=oci-layout://layout:v1"];
    const { attrs, stores, directories } = await open({ named });
    expect(Object.fromEntries(attrs)).toMatchObject({
      "context:dir": "local:dir",
      "context:img": "docker-image://busybox",
      "context:git": "https://x/y.git",
      "context:lay": expect.stringMatching(/^oci-layout:\/\/[0-9a-z]{25}@sha256:a{64}$/),
    });
    expect([...directories.keys()]).toContain("dir");
    expect([...stores.values()]).toEqual([join(cwd, "layout")]);
    rmSync(join(cwd, "layout"), { recursive: true });
  });

  test.each([
    [{ context: "nowhere" }, 'unable to prepare context: path "nowhere" not found'],
    [{ context: "secret" }, 'unable to prepare context: path "secret" not found'],
    [{ context: "-", file: "-" }, "invalid argument: can't use stdin for both build context and dockerfile"],
    [{ context: "-", file: "x" }, "ambiguous Dockerfile source: both stdin and flag correspond to Dockerfiles"],
    [{ named: ["x"] }, "ERROR: invalid context value: x, expected key=value"],
    [{ named: ["x=gone"] }, "failed to get build context x: stat gone: no such file or directory"],
    [{ named: ["x=secret"] }, "failed to get build context x: secret: not a directory"],
    [{ named: ["x=oci-layout://sub"] }, "could not find latest in the OCI layout sub"],
  ])("%j is refused", (wish, message) => {
    expect(open(wish, "FROM scratch")).rejects.toThrow(message);
  });
});

describe("caches", () => {
  test("registries are as they were written, directories found and named", async () => {
    await putDescriptor(join(cwd, "cache"), "latest", { digest: "sha256:1", size: 1 });
    await putDescriptor(join(cwd, "cache"), "other", { digest: "sha256:2" });
    await putDescriptor(join(cwd, "cache"), "latest", { digest: "sha256:3" });
    expect(await findDigest(join(cwd, "cache"), "other")).toBe("sha256:2");
    const caches = await openCaches({
      cwd,
      from: ["user/app:cache", "type=local,src=cache", "type=local,src=none-yet"],
      to: ["type=local,dest=cache,mode=max,tag=t"],
    });
    expect(caches.imports.map(({ type, attrs }) => [type, Object.fromEntries(attrs)])).toEqual([
      ["registry", { ref: "user/app:cache" }],
      ["local", { src: join(cwd, "cache"), digest: "sha256:3" }],
    ]);
    expect(caches.written).toEqual({ directory: join(cwd, "cache"), tag: "t" });
    expect([...caches.stores.keys()]).toEqual([`local:${join(cwd, "cache")}`, `local:${join(cwd, "none-yet")}`]);
    rmSync(join(cwd, "cache"), { recursive: true });
  });
});

describe("the command line", () => {
  test.each([
    [["build"], "tare: 'tare build' requires 1 argument"],
    [["build", "--progress=nope", "."], "ERROR: invalid progress mode nope"],
    [["build", "--progress=tty", "."], "failed to get console: provided file is not a console"],
    [
      ["build", "--ulimit", "nofile", "."],
      'invalid argument "nofile" for "--ulimit" flag: invalid ulimit argument: nofile',
    ],
    [["build", "--shm-size", "x", "."], "invalid size: 'x'"],
    [["build", "--allow", "foo", "/"], "ERROR: failed to build: unknown entitlement foo"],
    [["build", "--ssh", "default", "/"], "invalid empty ssh agent socket: make sure SSH_AUTH_SOCK is set"],
    [["build", "--ssh", "x=/etc", "/"], "/etc is not a socket"],
    [["image", "build", "a", "b"], "tare: 'tare image build' requires 1 argument"],
    [["builder", "prune", "--filter", "until=x", "-f"], "\"until\" filter expects a duration (e.g., '24h')"],
    [["builder", "history", "rm"], "ERROR: rm requires at least one argument"],
    [["builder", "history", "what"], 'ERROR: unknown command "what"'],
  ])("%j", async (argv, message) => {
    const { stderr, code } = await run(argv);
    expect(stderr).toContain(message);
    expect(code).not.toBe(0);
  });
});
