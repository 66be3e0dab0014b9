/** Where requests go: endpoints, mirrors, proxies, sites. */
import { describe, expect, test } from "bun:test";
import { isInsecure, mirrorEndpoint, ownEndpoints, pullEndpoints } from "./endpoints.ts";
import { proxyFor } from "./proxy.ts";
import { DEFAULT_REGISTRY_SETTINGS, type RegistrySettings } from "./settings.ts";
import { isSameSite } from "./site.ts";

const settings = (changes: Partial<RegistrySettings> = {}): RegistrySettings => ({
  ...DEFAULT_REGISTRY_SETTINGS,
  ...changes,
});
const rule = { mirrors: [], insecure: false, authHosts: [], mirrorsOnly: false };

describe("endpoints", () => {
  const origins = (registry: string, changes: Partial<RegistrySettings> = {}): string[] =>
    pullEndpoints(registry, settings(changes)).map(({ origin, prefix }) => `${origin}/${prefix}`);

  test.each<[string, string, Partial<RegistrySettings>, string[]]>([
    ["Docker Hub", "docker.io", {}, ["https://registry-1.docker.io/"]],
    [
      "Docker Hub with a mirror",
      "docker.io",
      { mirrors: ["http://m:5"] },
      ["http://m:5/", "https://registry-1.docker.io/"],
    ],
    ["another registry in spite of the Hub's mirror", "ghcr.io", { mirrors: ["http://m:5"] }, ["https://ghcr.io/"]],
    [
      "a registry with mirrors of its own",
      "ghcr.io",
      { registries: { "ghcr.io": { ...rule, mirrors: ["https://m/v2/cache/", "https://n"] } } },
      ["https://m/cache/", "https://n/", "https://ghcr.io/"],
    ],
    [
      "mirrors alone",
      "ghcr.io",
      { registries: { "ghcr.io": { ...rule, mirrors: ["https://m"], mirrorsOnly: true } } },
      ["https://m/"],
    ],
    ["loopback", "127.0.0.1:5000", {}, ["https://127.0.0.1:5000/", "http://127.0.0.1:5000/"]],
    ["localhost", "localhost:5000", {}, ["https://localhost:5000/", "http://localhost:5000/"]],
    [
      "an insecure name",
      "r.local:5000",
      { insecure: ["r.local:5000"] },
      ["https://r.local:5000/", "http://r.local:5000/"],
    ],
    [
      "a registry whose rule says insecure",
      "r.local",
      { registries: { "r.local": { ...rule, insecure: true } } },
      ["https://r.local/", "http://r.local/"],
    ],
  ])("of %s", (_what, registry, changes, expected) => {
    expect(origins(registry, changes)).toEqual(expected);
  });

  test("to push to are never mirrors", () => {
    expect(ownEndpoints("docker.io", settings({ mirrors: ["http://m"] })).map(({ origin }) => origin)).toEqual([
      "https://registry-1.docker.io",
    ]);
  });

  test.each([
    ["10.1.2.3:5000", ["10.0.0.0/8"], true],
    ["11.1.2.3:5000", ["10.0.0.0/8"], false],
    ["[::1]:5000", [], true],
    ["[fd00::1]:5000", ["fd00::/8"], true],
    ["127.0.0.1.evil.example", [], false],
    ["r.local:5000", ["r.local"], true],
    ["r.local:5001", ["r.local:5000"], false],
  ])("%s is insecure under %p: %p", (host, insecure, expected) => {
    expect(isInsecure(host, settings({ insecure }))).toBe(expected);
  });

  test.each([
    ["ftp://m", "not a valid URI"],
    ["m", "not a valid URI"],
    ["https://u:p@m", "username/password not allowed"],
    ["https://m?x=1", "unsupported query or fragment"],
  ])("%s is no mirror", (mirror, message) => {
    expect(() => mirrorEndpoint(mirror, "docker.io", settings())).toThrow(message);
  });
});

describe("proxies", () => {
  const proxies = {
    http: "p:3128",
    https: "http://s:3128",
    none: "a.example, .b.example,10.0.0.0/8,c.example:443,*.d.example,1.2.3.4",
  };

  test.each([
    ["http://r.example/", "http://p:3128"],
    ["https://r.example/", "http://s:3128"],
    ["https://a.example/", undefined],
    ["https://x.a.example/", undefined],
    ["https://xa.example/", "http://s:3128"],
    ["https://b.example/", "http://s:3128"],
    ["https://x.b.example/", undefined],
    ["https://d.example/", "http://s:3128"],
    ["https://x.d.example/", undefined],
    ["https://10.1.1.1/", undefined],
    ["https://1.2.3.4:5000/", undefined],
    ["https://c.example/", undefined],
    ["https://c.example:444/", "http://s:3128"],
    ["http://127.0.0.1:5000/", undefined],
    ["http://[::1]:5000/", undefined],
    ["http://localhost:5000/", undefined],
  ])("%s goes by way of %p", (url, expected) => {
    expect(proxyFor(new URL(url), proxies)).toBe(expected);
  });

  test("are none when nobody names one, or everything is excluded", () => {
    const url = new URL("https://r.example/");
    expect(proxyFor(url, { http: "", https: "", none: "" })).toBeUndefined();
    expect(proxyFor(url, { ...proxies, none: "*" })).toBeUndefined();
  });
});

test.each([
  ["https://registry-1.docker.io", "https://auth.docker.io", true],
  ["https://r.example:5000", "https://r.example:5001", true],
  ["https://r.example", "https://r.example.evil.example", false],
  ["https://a.co.uk", "https://b.co.uk", false],
  ["https://r.a.co.uk", "https://auth.a.co.uk", true],
  ["https://127.0.0.1", "https://127.0.0.2", false],
  ["https://intranet", "https://intranet:8", true],
  ["https://intranet", "https://other", false],
])("%s and %s are of one site: %p", (a, b, expected) => {
  expect(isSameSite(new URL(a), new URL(b))).toBe(expected);
});
