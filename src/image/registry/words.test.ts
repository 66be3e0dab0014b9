/** What registries say in headers and documents: challenges, errors, waits, manifests. */
import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { EngineError } from "../../base/errors.ts";
import { toDocument } from "../content.ts";
import { digestOf } from "../digest.ts";
import { DOCKER_MANIFEST_TYPE, OCI_INDEX_TYPE, OCI_MANIFEST } from "../manifest.ts";
import { parseChallenges } from "./challenge.ts";
import { choosePlatform, readManifest } from "./descriptors.ts";
import { countLine } from "./progress-lines.ts";
import { answerError, networkError, parseRetryAfter, RegistryError } from "./registry-error.ts";
import { pauseAfter } from "./retry.ts";

describe("challenges", () => {
  test.each([
    ['Basic realm="r"', [["basic", { realm: "r" }]]],
    [
      'Bearer realm="https://a/t",service="s",scope="x y"',
      [["bearer", { realm: "https://a/t", service: "s", scope: "x y" }]],
    ],
    [
      'Basic realm="a", Bearer realm="b", service=plain',
      [
        ["basic", { realm: "a" }],
        ["bearer", { realm: "b", service: "plain" }],
      ],
    ],
    ['bearer REALM="q\\"uoted"', [["bearer", { realm: 'q"uoted' }]]],
    ["Negotiate", [["negotiate", {}]]],
    ["", []],
    ["=,=", []],
  ])("%p", (header, expected) => {
    const found = parseChallenges(header).map(({ scheme, parameters }) => [scheme, Object.fromEntries(parameters)]);
    expect(found).toEqual(expected);
  });

  test("of any text are read without failing or hanging", () => {
    fc.assert(fc.property(fc.string({ maxLength: 300 }), (text) => Array.isArray(parseChallenges(text))));
    const started = performance.now();
    parseChallenges(`Bearer ${'a="b\\",'.repeat(4000)}`);
    parseChallenges(`${"a ".repeat(8000)}`);
    expect(performance.now() - started).toBeLessThan(10_000);
  });
});

describe("errors", () => {
  const none = new Headers();

  test.each([
    [
      404,
      { errors: [{ code: "MANIFEST_UNKNOWN", message: "manifest unknown", detail: {} }] },
      "manifest unknown: manifest unknown",
      "notFound",
    ],
    [403, { errors: [{ code: "DENIED", message: "" }] }, "denied", "forbidden"],
    [
      429,
      { errors: [{ code: "TOOMANYREQUESTS", message: "slow down" }] },
      "toomanyrequests: slow down",
      "tooManyRequests",
    ],
    [
      400,
      {
        errors: [
          { code: "A", message: "b" },
          { code: "C", message: "d" },
        ],
      },
      "errors:\na: b\nc: d\n",
      "system",
    ],
    [401, "", "unauthorized: authentication required", "unauthorized"],
    [502, "<html>", 'received unexpected HTTP status: 502: "<html>"', "system"],
    [500, { errors: "x" }, 'received unexpected HTTP status: 500: "{\\"errors\\":\\"x\\"}"', "system"],
  ])("%p %p", (status, body, message, kind) => {
    const error = answerError(status, none, typeof body === "string" ? body : JSON.stringify(body));
    expect([error.message, error.kind]).toEqual([message, kind as EngineError["kind"]]);
  });

  test.each([
    ["ECONNREFUSED", 'Get "https://r.example/v2/": dial tcp r.example:443: connect: connection refused', false],
    ["ENOTFOUND", 'Get "https://r.example/v2/": dial tcp: lookup r.example: no such host', false],
    ["ECONNRESET", 'Get "https://r.example/v2/": EOF', true],
    ["DEPTH_ZERO_SELF_SIGNED_CERT", "certificate signed by unknown authority", false],
    ["ERR_TLS_CERT_ALTNAME_INVALID", "certificate is not valid for r.example", false],
    ["SOMETHING_NEW", "SOMETHING_NEW", true],
  ])("of the network: %s", (code, message, transient) => {
    const error = networkError("GET", new URL("https://r.example/v2/"), Object.assign(new Error("x"), { code }));
    expect(error).toBeInstanceOf(RegistryError);
    expect(error).toMatchObject({ transient });
    expect(String(error)).toContain(message);
  });

  test("of the network do not show what signed addresses carry", () => {
    const error = networkError(
      "GET",
      new URL("https://s3/x?signature=secret"),
      Object.assign(new Error(""), { code: "EPIPE" }),
    );
    expect(String(error)).not.toContain("secret");
  });
});

describe("waiting", () => {
  const options = { attempts: 5, signal: new AbortController().signal, firstPauseMs: 100 };
  const failed = (failure: object) => new RegistryError({ message: "", transient: true, ...failure });

  test("is as long as the registry asks, and longer each time", () => {
    expect(pauseAfter(failed({ retryAfterMs: 7000 }), 1, options)).toBe(7000);
    expect(pauseAfter(failed({}), 1, options)).toBeWithin(50, 101);
    expect(pauseAfter(failed({}), 4, options)).toBeWithin(400, 801);
    expect(pauseAfter(failed({}), 30, options)).toBeLessThanOrEqual(30_000);
  });

  test("is not for what does not pass, nor for hours", () => {
    expect(pauseAfter(failed({ transient: false }), 1, options)).toBeUndefined();
    expect(pauseAfter(new Error("x"), 1, options)).toBeUndefined();
    expect(pauseAfter(failed({ retryAfterMs: 3_600_000 }), 1, options)).toBeUndefined();
  });

  test.each([
    ["120", 120_000],
    ["Thu, 01 Jan 1970 00:00:00 GMT", 0],
    ["soon", undefined],
    [null, undefined],
  ])("Retry-After: %p is %p ms", (header, ms) => {
    expect(parseRetryAfter(header)).toBe(ms);
  });
});

describe("manifests", () => {
  const digest = digestOf("x");
  const blob = (mediaType = "application/vnd.oci.image.layer.v1.tar+gzip") => ({ mediaType, digest, size: 5 });
  const good = { schemaVersion: 2, mediaType: OCI_MANIFEST, config: blob(), layers: [blob()] };
  const read = (document: unknown, type = OCI_MANIFEST) =>
    readManifest(toDocument(type, Buffer.from(typeof document === "string" ? document : JSON.stringify(document))));

  test.each<[string, unknown, string, string]>([
    ["both layers and manifests", { ...good, manifests: [] }, OCI_MANIFEST, "ambiguous manifest"],
    ["another type than it came as", good, DOCKER_MANIFEST_TYPE, "ambiguous manifest"],
    [
      "a manifest that came as an index",
      { ...good, mediaType: "" },
      OCI_INDEX_TYPE,
      "neither an image manifest nor an index",
    ],
    ["an index that came as a manifest", { schemaVersion: 2, manifests: [] }, OCI_MANIFEST, "ambiguous manifest"],
    [
      "keys that differ in case",
      `{"schemaVersion":2,"config":{},"layers":[],"Layers":[]}`,
      OCI_MANIFEST,
      "ambiguous manifest",
    ],
    ["another schema", { ...good, schemaVersion: 3 }, OCI_MANIFEST, "unsupported manifest schema version 3"],
    [
      "schema 1",
      { schemaVersion: 1, fsLayers: [] },
      "application/vnd.docker.distribution.manifest.v1+prettyjws",
      "schema 1 are not supported",
    ],
    ["a negative size", { ...good, layers: [{ ...blob(), size: -1 }] }, OCI_MANIFEST, "invalid size"],
    ["a size beyond everything", { ...good, layers: [{ ...blob(), size: 2 ** 60 }] }, OCI_MANIFEST, "invalid size"],
    [
      "a digest that is a path",
      { ...good, layers: [{ ...blob(), digest: "sha256:../../etc/passwd" }] },
      OCI_MANIFEST,
      "invalid checksum digest",
    ],
    [
      "another algorithm",
      { ...good, layers: [{ ...blob(), digest: `sha512:${"a".repeat(128)}` }] },
      OCI_MANIFEST,
      "unsupported digest algorithm",
    ],
    [
      "layers from elsewhere",
      { ...good, layers: [{ ...blob(), urls: ["http://evil/"] }] },
      OCI_MANIFEST,
      "foreign origin",
    ],
    [
      "too many layers",
      { ...good, layers: Array.from({ length: 501 }, () => blob()) },
      OCI_MANIFEST,
      "more than 500 layers",
    ],
    ["no layers at all", { schemaVersion: 2, config: blob() }, OCI_MANIFEST, "neither"],
    ["no JSON", "<html>", OCI_MANIFEST, "invalid JSON document"],
    ["bytes that are no text", "\u{d800}{", OCI_MANIFEST, "invalid JSON document"],
  ])("with %s are refused", (_what, document, type, message) => {
    expect(() => read(document, type)).toThrow(message);
  });

  test("of any bytes are read or refused, never anything else", () => {
    const any = fc.oneof(
      fc.string(),
      fc.json(),
      fc.json().map((text) => `{"schemaVersion":2,"layers":${text},"config":${text}}`),
    );
    fc.assert(
      fc.property(any, (text) => {
        try {
          return read(text).kind !== undefined;
        } catch (error) {
          return error instanceof EngineError && error.kind === "invalidParameter";
        }
      }),
      { numRuns: 500 },
    );
  });

  test.each([
    ["arm/v7 takes v7 before v6", "linux", "arm", "v7", "armv7"],
    ["arm/v6 cannot take v7", "linux", "arm", "v6", "armv6"],
    ["arm64 takes v8", "linux", "arm64", "", "arm64v8"],
    ["what is not listed takes what names no platform", "linux", "riscv64", "", "any"],
  ])("%s", (_what, os, architecture, variant, expected) => {
    const entry = (name: string, platform?: object, annotations = {}) => ({
      mediaType: OCI_MANIFEST,
      digest: digestOf(name),
      size: 1,
      annotations,
      ...(platform === undefined ? {} : { platform }),
    });
    const index = read(
      {
        schemaVersion: 2,
        manifests: [
          entry("attestation", { os: "unknown", architecture: "unknown" }),
          entry("any"),
          entry("armv6", { os: "linux", architecture: "arm", variant: "v6" }),
          entry("armv7", { os: "linux", architecture: "arm", variant: "v7" }),
          entry("arm64v8", { os: "linux", architecture: "arm64", variant: "v8" }),
        ],
      },
      OCI_INDEX_TYPE,
    );
    if (index.kind !== "index") throw new Error("not an index");
    expect(choosePlatform(index, { os, architecture, variant })?.digest).toBe(digestOf(expected));
  });
});

test.each([
  [115, 115, "[==================================================>]     115B/115B"],
  [1_200_000, 5_000_000, "[============>                                      ]    1.2MB/5MB"],
  [512, 1, "[==================================================>]     512B"],
  [10_240, 1, "[==================================================>]  10.24kB"],
])("%p of %p bytes is drawn as Docker draws it", (current, total, expected) => {
  expect(countLine("a", "Downloading", { current, total }).progress).toBe(expected);
});
