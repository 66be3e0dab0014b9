/** Where the repositories of a registry are found: its mirrors in order, then the registry itself, over TLS or not. */
import { invalidParameter } from "../../base/errors.ts";
import { isIP } from "../../base/ip.ts";
import { bareHost, isInCidr, isLoopback } from "./proxy.ts";
import type { RegistryRule, RegistrySettings } from "./settings.ts";

export const DOCKER_HUB = "docker.io";
const DOCKER_HUB_HOST = "registry-1.docker.io";

export interface Endpoint {
  /** Scheme, host and port: "https://registry-1.docker.io". */
  readonly origin: string;
  /** Put before the name of a repository: "" or "cache/". */
  readonly prefix: string;
  /** The registry that a mirror stands for; undefined at the registry itself. Mirrors are never given credentials. */
  readonly mirrorOf: string | undefined;
  /** Certificates are not verified. */
  readonly insecure: boolean;
}

const NO_RULE: RegistryRule = { mirrors: [], insecure: false, authHosts: [], mirrorsOnly: false };

export function ruleFor(registry: string, { registries, mirrors }: RegistrySettings): RegistryRule {
  const rule = registries[registry] ?? NO_RULE;
  return registry === DOCKER_HUB ? { ...rule, mirrors: [...rule.mirrors, ...mirrors] } : rule;
}

/** To pull from, the first to be asked first. */
export function pullEndpoints(registry: string, settings: RegistrySettings): Endpoint[] {
  const rule = ruleFor(registry, settings);
  const mirrors = rule.mirrors.map((mirror) => mirrorEndpoint(mirror, registry, settings));
  return rule.mirrorsOnly && mirrors.length > 0 ? mirrors : [...mirrors, ...ownEndpoints(registry, settings)];
}

/** To push to, to log in to: never a mirror. TLS goes before plain HTTP, which only insecure registries may speak. */
export function ownEndpoints(registry: string, settings: RegistrySettings): Endpoint[] {
  const host = registry === DOCKER_HUB ? DOCKER_HUB_HOST : registry;
  const insecure = isInsecure(host, settings) || ruleFor(registry, settings).insecure;
  const schemes = insecure ? ["https", "http"] : ["https"];
  return schemes.map((scheme) => ({ origin: `${scheme}://${host}`, prefix: "", mirrorOf: undefined, insecure }));
}

/** Throws invalidParameter for what is no address of a mirror. */
export function mirrorEndpoint(mirror: string, registry: string, settings: RegistrySettings): Endpoint {
  const url = parseMirror(mirror);
  const prefix = url.pathname.replace(/^\/(?:v2\/)?|\/$/g, "");
  return {
    origin: url.origin,
    prefix: prefix === "" ? "" : `${prefix}/`,
    mirrorOf: registry,
    insecure: isInsecure(url.host, settings),
  };
}

function parseMirror(mirror: string): URL {
  const url = URL.parse(mirror);
  if (url === null || !/^https?:$/.test(url.protocol)) {
    throw invalidParameter(`invalid mirror: ${JSON.stringify(mirror)} is not a valid URI: use http:// or https://`);
  }
  if (url.username !== "" || url.password !== "") {
    throw invalidParameter(`invalid mirror: username/password not allowed in URI ${JSON.stringify(url.origin)}`);
  }
  if (url.search !== "" || url.hash !== "") {
    throw invalidParameter(`invalid mirror: unsupported query or fragment in ${JSON.stringify(mirror)}`);
  }
  return url;
}

/** Loopback, what the configuration lists by name, and addresses in the networks it lists. */
export function isInsecure(host: string, { insecure }: RegistrySettings): boolean {
  const url = URL.parse(`https://${host}`);
  if (url === null) return false;
  const name = bareHost(url);
  if (isLoopback(name)) return true;
  return insecure.some((rule) => rule === host || rule === name || (isIP(name) && isInCidr(name, rule)));
}
