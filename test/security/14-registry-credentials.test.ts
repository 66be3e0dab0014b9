/**
 * SECURITY row 14, credentials that leak to others (CVE-2020-15157, CVE-2024-3727): a registry that is given ours cannot have them sent to
 * another machine, and digests that are paths name no path.
 */
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { type FakeRegistry, failure } from "../../src/image/registry/testing.ts";
import { TestEngine } from "../harness/engine.ts";
import { MANIFEST, putParts, refusal, rogue, smallLayer } from "../harness/rogue.ts";

let engine: TestEngine;
/** Another machine, which must not see a secret. */
let other: FakeRegistry;
beforeAll(async () => {
  engine = await TestEngine.start();
});
afterAll(() => engine[Symbol.asyncDispose]());
beforeEach(() => {
  other = rogue();
  putParts(other, { layers: [smallLayer()] });
});
afterEach(() => other[Symbol.dispose]());

const BASIC = `Basic ${btoa("ann:secret")}`;
/** Of another site than 127.0.0.1, on the same machine. */
const elsewhere = (): string => other.origin.replace("127.0.0.1", "localhost");
const secrets = (): unknown[] =>
  other.asked.filter(({ authorization, path }) => authorization !== null || path.includes("secret"));

const asksFor = (challenge: string): Response =>
  failure(401, "UNAUTHORIZED", "who are you", { "WWW-Authenticate": challenge });

/** Logs in, so that the client sends credentials with everything, then pulls or pushes. */
async function useWithSecrets(registry: FakeRegistry, ...command: string[]): Promise<string> {
  const login = await engine.dockerWith({ stdin: "secret" }, "login", "-u", "ann", "--password-stdin", registry.host);
  if (login.exitCode !== 0) return login.stderr;
  const { stdout, stderr } = await engine.docker(...command, `${registry.host}/a/b:1`);
  return stdout + stderr;
}

test("a realm of bearer tokens on another site gets none", async () => {
  let isLoggedIn = false;
  using registry = rogue({
    intercept: (_request, { pathname }) => {
      if (pathname === "/v2/" && !isLoggedIn) {
        isLoggedIn = true;
        return undefined;
      }
      return asksFor(`Bearer realm="${elsewhere()}/token",service="s"`);
    },
  });
  expect(await useWithSecrets(registry, "pull")).toContain("not of the same site: refused");
  expect(other.asked).toEqual([]);
});

test("a realm on another site gets none by a login", async () => {
  using registry = rogue({ intercept: () => asksFor(`Bearer realm="${elsewhere()}/token"`) });
  expect(await useWithSecrets(registry, "pull")).toContain("not of the same site: refused");
  expect(other.asked).toEqual([]);
});

test("redirects of blobs and manifests get none", async () => {
  using registry = rogue({
    intercept: ({ headers }, { pathname, search }) => {
      if (headers.get("authorization") !== BASIC) return asksFor('Basic realm="r"');
      if (pathname === "/v2/") return undefined;
      return new Response(null, { status: 307, headers: { Location: elsewhere() + pathname + search } });
    },
  });
  expect(await useWithSecrets(registry, "pull")).toContain("Downloaded newer image");
  expect(other.asked.length).toBeGreaterThan(2);
  expect(secrets()).toEqual([]);
  await engine.dockerOutput("rmi", "-f", `${registry.host}/a/b:1`);
});

test("an upload that is to go on elsewhere gets none", async () => {
  using registry = rogue({
    intercept: ({ headers, method }, { pathname }) => {
      if (headers.get("authorization") !== BASIC) return asksFor('Basic realm="r"');
      if (method !== "POST") return undefined;
      return new Response(null, { status: 202, headers: { Location: `${elsewhere()}${pathname}1` } });
    },
  });
  putParts(registry, { layers: [smallLayer("pushed")] });
  expect(await useWithSecrets(registry, "pull")).toContain("Downloaded newer image");
  registry.blobs.clear();
  await useWithSecrets(registry, "push");
  expect(other.asked.length).toBeGreaterThan(0);
  expect(secrets()).toEqual([]);
  await engine.dockerOutput("rmi", "-f", `${registry.host}/a/b:1`);
});

test("the address of a foreign layer is not even asked", async () => {
  using registry = rogue();
  const good = JSON.parse(putParts(registry, { layers: [smallLayer()] }));
  good.layers[0].urls = [`${elsewhere()}/layer`];
  registry.putManifest("a/b", "1", good, MANIFEST);
  expect(await refusal(engine, registry)).toContain("foreign origin");
  good.layers[0].mediaType = "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip";
  delete good.layers[0].urls;
  registry.putManifest("a/b", "1", good, MANIFEST);
  expect(await refusal(engine, registry)).toContain("unsupported layer");
  expect(other.asked).toEqual([]);
});

test("a mirror that is configured gets none, even if it asks", async () => {
  const ask = ({ headers }: Request): Response | undefined =>
    headers.get("authorization") === BASIC ? undefined : asksFor('Basic realm="r"');
  using registry = rogue({ intercept: ask });
  using mirror = rogue({ intercept: ask });
  for (const each of [registry, mirror]) putParts(each, { layers: [smallLayer()] });
  await using mirrored = await TestEngine.start({
    config: { registries: { [registry.host]: { mirrors: [mirror.origin] } } },
  });
  await mirrored.dockerWith({ stdin: "secret" }, "login", "-u", "ann", "--password-stdin", registry.host);
  expect((await mirrored.docker("pull", `${registry.host}/a/b:1`)).exitCode).toBe(0);
  expect(mirror.asked.length).toBeGreaterThan(0);
  expect(mirror.asked.filter(({ authorization }) => authorization !== null)).toEqual([]);
});

test("digests that are paths are refused before anything is opened", async () => {
  using registry = rogue();
  const good = JSON.parse(putParts(registry, { layers: [smallLayer()] }));
  for (const digest of ["sha256:../../../../escaped", `sha256:${"/".repeat(64)}`, "sha256:", "../escaped"]) {
    good.layers[0].digest = digest;
    registry.putManifest("a/b", "1", good, MANIFEST);
    expect(await refusal(engine, registry)).toMatch(/invalid checksum digest|unsupported digest/);
  }
  expect(existsSync(join(engine.root, "../escaped"))).toBe(false);
});
