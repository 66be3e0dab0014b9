/** Registries in the configuration file and the environment. */
import { expect, test } from "bun:test";
import { decodeConfigFile } from "./config-file.ts";
import { registrySettings } from "./registry-config.ts";

const DEFAULTS = { certificateDirs: ["/a", "/b"], authorities: ["/c"] };
const settings = (file: object, environment = {}) =>
  registrySettings(decodeConfigFile("f", JSON.stringify(file)).config, environment, DEFAULTS);

test("what nobody says is Docker's default", () => {
  expect(settings({})).toMatchObject({
    mirrors: [],
    insecure: [],
    registries: {},
    certificateDirs: ["/a", "/b"],
    authorities: ["/c"],
    proxies: { http: "", https: "", none: "" },
    maxConcurrentDownloads: 3,
    maxConcurrentUploads: 5,
    maxDownloadAttempts: 5,
  });
});

test("the file goes before the environment", () => {
  const environment = { HTTP_PROXY: "http://e", https_proxy: "http://s", NO_PROXY: "n", SSL_CERT_FILE: "/own" };
  const file = {
    "registry-mirrors": ["https://m"],
    "insecure-registries": ["r:5000"],
    registries: { "ghcr.io": { mirrors: ["https://g"], "mirrors-only": true, "auth-hosts": ["a"] } },
    "registry-certs": "/certs",
    proxies: { "http-proxy": "http://f" },
    "max-concurrent-downloads": 7,
    "upload-chunk-size": "8m",
  };
  expect(settings(file, environment)).toMatchObject({
    mirrors: ["https://m"],
    insecure: ["r:5000"],
    registries: { "ghcr.io": { mirrors: ["https://g"], insecure: false, mirrorsOnly: true, authHosts: ["a"] } },
    certificateDirs: ["/certs"],
    authorities: ["/own"],
    proxies: { http: "http://f", https: "http://s", none: "n" },
    maxConcurrentDownloads: 7,
    uploadChunkBytes: 8 * 1024 * 1024,
  });
});

test.each([
  [{ "registry-mirrors": "https://m" }, 'f: "registry-mirrors" must be a list of strings'],
  [{ "max-concurrent-uploads": 0 }, 'f: "max-concurrent-uploads" must be a whole number'],
  [{ registries: { r: { insecure: "yes" } } }, 'f: "registries.r.insecure" must be true or false'],
  [{ proxies: [] }, 'f: "proxies" must be an object'],
  [{ "upload-chunk-size": "much" }, 'f: "upload-chunk-size" must be a size such as 32m'],
])("%j is refused", (file, message) => {
  expect(() => settings(file)).toThrow(message);
});
