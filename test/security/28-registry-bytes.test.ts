/**
 * SECURITY row 28, other bytes than were meant (CVE-2026-48769, CVE-2025-6032): whoever stands between us and a registry, or is the registry,
 * cannot make a digest stand for something else; and without a certificate that fits nobody is spoken to.
 */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { makeAuthority } from "../../src/image/registry/testing-certificates.ts";
import { TestEngine } from "../harness/engine.ts";
import { leftovers, MANIFEST, putParts, refusal, rogue, smallLayer } from "../harness/rogue.ts";

let engine: TestEngine;
let dir: string;
beforeAll(async () => {
  dir = mkdtempSync("/var/tmp/tare-bytes-");
  engine = await TestEngine.start({ config: { "registry-certs": join(dir, "certs.d") } });
});
afterAll(async () => {
  await engine[Symbol.asyncDispose]();
  rmSync(dir, { recursive: true });
});

test.each<[string, (path: string) => boolean, RegExp]>([
  ["a layer", (path) => path.includes("/blobs/"), /verification failed|in place of/],
  [
    "a manifest that is asked for by digest",
    (path) => path.includes("/manifests/sha256"),
    /manifest verification failed/,
  ],
])("other bytes for %s are refused", async (_what, isFor, message) => {
  const evil = smallLayer("evil");
  let [config, isOn] = ["", false];
  using registry = rogue({
    intercept: (_request, { pathname }) =>
      isOn && isFor(pathname) && !pathname.endsWith(config)
        ? new Response(Buffer.from(evil.bytes), { headers: { "Content-Type": MANIFEST } })
        : undefined,
  });
  const manifest = JSON.parse(putParts(registry, { layers: [smallLayer("good")] }));
  config = manifest.config.digest;
  const { digest } = await publish(registry);
  isOn = true;
  const { stderr } = await engine.docker("pull", `${registry.host}/a/b@${digest}`);
  expect(stderr).toMatch(message);
  expect(leftovers(engine)).toEqual([]);
});

async function publish(registry: ReturnType<typeof rogue>): Promise<{ digest: string }> {
  const answer = await fetch(`${registry.origin}/v2/a/b/manifests/1`);
  return { digest: answer.headers.get("docker-content-digest") ?? "" };
}

test("a layer that is another layer of the same size is refused, and cut downloads of it do not come back", async () => {
  const [good, evil] = [smallLayer("good"), smallLayer("evil")];
  let isEvil = true;
  using registry = rogue({
    intercept: (_request, { pathname }) =>
      isEvil && pathname.endsWith(digest) ? new Response(Buffer.from(evil.bytes)) : undefined,
  });
  let digest = "-";
  const manifest = JSON.parse(putParts(registry, { layers: [good] }));
  digest = manifest.layers[0].digest;
  expect(evil.bytes.length).toBe(good.bytes.length);
  expect(await refusal(engine, registry)).toContain("filesystem layer verification failed");
  isEvil = false;
  expect(await refusal(engine, registry)).toBe("it was pulled");
  await engine.dockerOutput("rmi", `${registry.host}/a/b:1`);
});

test("a registry whose certificate nobody vouches for, or that is another's, is not spoken to", async () => {
  const [ours, theirs] = ["ours", "theirs"].map((name) => {
    mkdirSync(join(dir, name));
    return makeAuthority(join(dir, name));
  });
  if (ours === undefined || theirs === undefined) return;
  using middle = rogue({ tls: theirs.server });
  putParts(middle, { layers: [smallLayer()] });
  const port = middle.host.split(":")[1];
  const pull = (name: string) => engine.tare("pull", `${name}:${port}/a/b:1`);
  for (const name of ["registry.test.localhost", "other.test.localhost"]) {
    const certs = join(dir, "certs.d", `${name}:${port}`);
    mkdirSync(certs, { recursive: true });
    // One is vouched for by somebody else, the other's certificate has another name.
    writeFileSync(join(certs, "ca.crt"), name.startsWith("other") ? theirs.certificate : ours.certificate);
  }
  expect((await pull("registry.test.localhost")).stderr).toContain("certificate signed by unknown authority");
  expect((await pull("other.test.localhost")).stderr).toContain("certificate is not valid for other.test.localhost");
  expect(middle.asked).toEqual([]);
});
