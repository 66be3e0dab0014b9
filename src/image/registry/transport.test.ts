/** HTTP to registries: TLS with authorities and client certificates, proxies, limits of time and size, several connections. */
import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DEFAULT_REGISTRY_SETTINGS, type RegistrySettings } from "./settings.ts";
import { type FakeOptions, FakeRegistry } from "./testing.ts";
import { type Authority, makeAuthority } from "./testing-certificates.ts";
import { errorOf, noise, openPullStore, putImage } from "./testing-images.ts";
import { createTransport } from "./transport.ts";

const image = { layers: [[{ type: "file" as const, name: "a", data: noise(3_000_000) }]] };
const patient = new AbortController().signal;

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "tare-transport-"));
});
afterEach(() => rmSync(dir, { recursive: true }));

const get = (registry: FakeRegistry, settings: Partial<RegistrySettings> = {}, path = "/v2/") =>
  createTransport({ ...DEFAULT_REGISTRY_SETTINGS, ...settings })({
    method: "GET",
    url: new URL(registry.origin + path),
    signal: patient,
  });

describe("TLS", () => {
  let authority: Authority;
  beforeEach(() => {
    authority = makeAuthority(dir);
  });
  /** 127.0.0.2 is as loopback as 127.0.0.1; a name is not, so that certificates are verified. */
  const secure = (options: FakeOptions["tls"]): FakeRegistry => new FakeRegistry({ tls: options ?? authority.server });
  const named = (registry: FakeRegistry): URL =>
    new URL(`https://registry.test.localhost:${new URL(registry.origin).port}/v2/`);
  const ask = (registry: FakeRegistry, settings: Partial<RegistrySettings>) =>
    createTransport({ ...DEFAULT_REGISTRY_SETTINGS, ...settings })({
      method: "GET",
      url: named(registry),
      signal: patient,
    });
  const certs = (registry: FakeRegistry, files: Readonly<Record<string, string>>): Partial<RegistrySettings> => {
    const own = join(dir, "certs.d", named(registry).host);
    mkdirSync(own, { recursive: true });
    for (const [name, text] of Object.entries(files)) writeFileSync(join(own, name), text);
    return { certificateDirs: [join(dir, "certs.d")] };
  };

  test("needs an authority that is known: the host's, or one for this registry", async () => {
    using registry = secure(authority.server);
    expect(ask(registry, {})).rejects.toThrow("certificate signed by unknown authority");
    writeFileSync(join(dir, "bundle.pem"), authority.certificate);
    expect((await ask(registry, { authorities: [join(dir, "none"), join(dir, "bundle.pem")] })).status).toBe(200);
    expect((await ask(registry, certs(registry, { "ca.crt": authority.certificate }))).status).toBe(200);
  });

  test("is not verified for insecure registries", async () => {
    using registry = secure(authority.server);
    expect((await ask(registry, { insecure: [named(registry).host] })).status).toBe(200);
    expect((await get(registry)).status).toBe(200);
  });

  test("shows our certificate to a registry that has one set up", async () => {
    using registry = secure({ ...authority.server, ca: authority.certificate });
    const files = { "ca.crt": authority.certificate };
    expect(ask(registry, certs(registry, files))).rejects.toThrow("tls: handshake failure");
    const { cert, key } = authority.client;
    const both = certs(registry, { ...files, "client.cert": cert, "client.key": key });
    expect((await ask(registry, both)).status).toBe(200);
  });

  test("with half a pair of files is refused in Docker's words", () => {
    using registry = secure(authority.server);
    const half = certs(registry, { "client.cert": authority.client.cert });
    expect(ask(registry, half)).rejects.toThrow(
      "missing key client.key for client certificate client.cert. CA certificates must use the extension .crt",
    );
  });

  test("never goes back to plain text by a redirect", () => {
    using plain = new FakeRegistry();
    using registry = new FakeRegistry({
      tls: authority.server,
      intercept: () => new Response(null, { status: 307, headers: { Location: `${plain.origin}/v2/` } }),
    });
    expect(get(registry)).rejects.toThrow("redirect from https to http refused");
    expect(plain.asked).toEqual([]);
  });

  test("that speaks plain text after all is spoken so, where the registry is insecure", async () => {
    using registry = new FakeRegistry();
    using store = openPullStore();
    putImage(registry, "a/b", "1", image);
    expect(errorOf(await store.pull(`${registry.host}/a/b`, { tag: "1" }))).toBeUndefined();
  });
});

describe("limits", () => {
  const bounded = (limits: { headMs?: number; stallMs?: number }) => createTransport(DEFAULT_REGISTRY_SETTINGS, limits);

  test("an answer that does not come ends in time", () => {
    using silent = new FakeRegistry({ intercept: () => new Promise(() => undefined) });
    const url = new URL(`${silent.origin}/v2/`);
    const asked = bounded({ headMs: 50 })({ method: "GET", url, signal: patient });
    expect(asked).rejects.toThrow("Client.Timeout exceeded while awaiting headers");
  });

  test("a body that stalls ends in time", async () => {
    const body = new ReadableStream({ start: (controller) => controller.enqueue(new Uint8Array(10)) });
    using silent = new FakeRegistry({ intercept: () => new Response(body) });
    const url = new URL(`${silent.origin}/v2/`);
    const answer = await bounded({ stallMs: 50 })({ method: "GET", url, signal: patient });
    expect(answer.bytes(1000)).rejects.toThrow("nothing came for 0.05 seconds");
  });

  test("an answer that is too long is not read to its end", async () => {
    using long = new FakeRegistry({ intercept: () => new Response(Buffer.alloc(100_000)) });
    expect((await get(long)).bytes(1000)).rejects.toThrow("is larger than 1000 bytes");
  });

  test("what the caller aborts ends with the caller's reason", () => {
    using silent = new FakeRegistry({ intercept: () => new Promise(() => undefined) });
    const abort = new AbortController();
    const url = new URL(`${silent.origin}/v2/`);
    const asked = bounded({})({ method: "GET", url, signal: abort.signal });
    abort.abort(new Error("no longer wanted"));
    expect(asked).rejects.toThrow("no longer wanted");
  });
});

test("what is compressed on the way would have another digest: it is not unpacked", async () => {
  const packed = Bun.gzipSync(Buffer.from("x".repeat(1000)));
  using registry = new FakeRegistry({
    intercept: () => new Response(packed, { headers: { "Content-Encoding": "gzip" } }),
  });
  expect(Buffer.from(await (await get(registry)).bytes(1000))).toEqual(Buffer.from(packed));
});

test("a proxy is used for what is not loopback, with its own credentials", async () => {
  const seen: (string | null)[] = [];
  using proxy = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    fetch(request) {
      seen.push(`${request.url} ${request.headers.get("proxy-authorization")}`);
      return new Response("{}");
    },
  });
  const settings = { proxies: { http: `http://u:p@127.0.0.1:${proxy.port}`, https: "", none: "" } };
  const send = createTransport({ ...DEFAULT_REGISTRY_SETTINGS, ...settings });
  const answer = await send({ method: "GET", url: new URL("http://registry.example/v2/"), signal: patient });
  expect(answer.status).toBe(200);
  expect(seen).toEqual(["http://registry.example/v2/ Basic dTpw"]);
});

test("a large layer comes over several connections, and is whole", async () => {
  using registry = new FakeRegistry();
  using store = openPullStore({ downloadSegmentBytes: 1024 * 1024 });
  const { configDigest } = putImage(registry, "a/b", "1", image);
  expect(errorOf(await store.pull(`${registry.host}/a/b`, { tag: "1" }))).toBeUndefined();
  const ranges = registry.asked.flatMap(({ range }) => range ?? []).toSorted();
  expect(ranges.map((range) => range.split("-")[0])).toEqual(["bytes=0", "bytes=1048576", "bytes=2097152"]);
  expect(store.images.inspect(`${registry.host}/a/b:1`).Id).toBe(configDigest);
});

test("a large layer of a server without ranges comes over one connection", async () => {
  using registry = new FakeRegistry({ ranges: false });
  using store = openPullStore({ downloadSegmentBytes: 1024 * 1024 });
  putImage(registry, "a/b", "1", image);
  expect(errorOf(await store.pull(`${registry.host}/a/b`, { tag: "1" }))).toBeUndefined();
});
