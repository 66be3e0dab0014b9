/** Registries in GET /info. */
import { expect, test } from "bun:test";
import { DEFAULT_REGISTRY_SETTINGS } from "../../image/registry/settings.ts";
import { registryInfo } from "./registries.ts";

test("without configuration it is what Docker shows", () => {
  expect(registryInfo(DEFAULT_REGISTRY_SETTINGS)).toEqual({
    IndexServerAddress: "https://index.docker.io/v1/",
    RegistryConfig: {
      IndexConfigs: { "docker.io": { Name: "docker.io", Mirrors: [], Secure: true, Official: true } },
      InsecureRegistryCIDRs: ["::1/128", "127.0.0.0/8"],
      Mirrors: null,
    },
    HttpProxy: "",
    HttpsProxy: "",
    NoProxy: "",
  });
});

test("mirrors, insecure hosts and proxies are shown, a proxy's password is not", () => {
  const info = registryInfo({
    ...DEFAULT_REGISTRY_SETTINGS,
    mirrors: ["https://m.example"],
    insecure: ["r.local:5000", "10.0.0.0/8"],
    proxies: { http: "http://ann:secret@p:3128", https: "", none: "a" },
  });
  expect(info["RegistryConfig"]).toEqual({
    IndexConfigs: {
      "docker.io": { Name: "docker.io", Mirrors: ["https://m.example/"], Secure: true, Official: true },
      "r.local:5000": { Name: "r.local:5000", Mirrors: [], Secure: false, Official: false },
    },
    InsecureRegistryCIDRs: ["::1/128", "127.0.0.0/8", "10.0.0.0/8"],
    Mirrors: ["https://m.example/"],
  });
  expect(info["HttpProxy"]).toBe("http://xxxxx:xxxxx@p:3128");
});
