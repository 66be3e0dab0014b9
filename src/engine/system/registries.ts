/** How registries are reached, as GET /info shows it (moby daemon/info.go and registry/config.go 28.5). */
import { mirrorEndpoint } from "../../image/registry/endpoints.ts";
import type { RegistrySettings } from "../../image/registry/settings.ts";

const DOCKER_HUB = "docker.io";
const LOOPBACK = ["::1/128", "127.0.0.0/8"];

export function registryInfo(settings: RegistrySettings): Record<string, unknown> {
  const { insecure, proxies, registries } = settings;
  const mirrors = mirrorAddresses(DOCKER_HUB, settings);
  const hosts = [
    ...insecure.filter((rule) => !rule.includes("/")),
    ...Object.entries(registries).flatMap(([name, rule]) => (rule.insecure ? [name] : [])),
  ];
  const index = (name: string, isSecure: boolean, own: readonly string[]) => [
    name,
    { Name: name, Mirrors: own, Secure: isSecure, Official: name === DOCKER_HUB },
  ];
  return {
    IndexServerAddress: "https://index.docker.io/v1/",
    RegistryConfig: {
      IndexConfigs: Object.fromEntries([
        index(DOCKER_HUB, true, mirrors),
        ...hosts.map((host) => index(host, false, mirrorAddresses(host, settings))),
      ]),
      InsecureRegistryCIDRs: [...LOOPBACK, ...insecure.filter((rule) => rule.includes("/"))],
      Mirrors: mirrors.length === 0 ? null : mirrors,
    },
    HttpProxy: withoutSecrets(proxies.http),
    HttpsProxy: withoutSecrets(proxies.https),
    NoProxy: proxies.none,
  };
}

/** With a slash at their end, as Docker writes them. */
function mirrorAddresses(registry: string, settings: RegistrySettings): string[] {
  const own = settings.registries[registry]?.mirrors ?? [];
  const all = registry === DOCKER_HUB ? [...own, ...settings.mirrors] : own;
  return all.map((mirror) => {
    const { origin, prefix } = mirrorEndpoint(mirror, registry, settings);
    return `${origin}/${prefix}`;
  });
}

/** What stands before the host is nobody's business. */
const withoutSecrets = (proxy: string): string => proxy.replace(/\/\/[^@/]*@/, "//xxxxx:xxxxx@");
