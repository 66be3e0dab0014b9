/** Which resolv.conf a container gets: the host's own, one that reaches the host's servers, or one that names our resolver. */
import { readFileSync } from "node:fs";
import { hasCode } from "../base/errors.ts";
import type { EndpointSettings } from "../wire/container.ts";
import type { HostConfig } from "../wire/host-config.ts";
import {
  checkNameservers,
  type DnsSettings,
  namesOnlyTheStub,
  overrideResolvConf,
  parseResolvConf,
  type ResolvConf,
  toInternal,
  toLegacy,
} from "./resolv-conf.ts";

export interface ContainerDnsDeps {
  /** The host's own file, and where systemd-resolved tells the real servers. */
  readonly hostFiles: { readonly resolvConf: string; readonly resolvedResolvConf: string };
  /** The engine's settings, for containers that have none of their own. */
  readonly dns: DnsSettings;
}

export interface ContainerDnsRequest {
  readonly hostConfig: Pick<HostConfig, "NetworkMode" | "Dns" | "DnsSearch" | "DnsOptions">;
  /** By network name. */
  readonly endpoints: Readonly<Record<string, Pick<EndpointSettings, "GlobalIPv6Address">>>;
}

export type ContainerDns = (request: ContainerDnsRequest) => ResolvConf;

const PREDEFINED: readonly string[] = ["bridge", "host", "none"];

/** Names are resolved on the networks that users make, and not on the predefined ones. */
function resolvesNames(endpoints: Readonly<Record<string, unknown>>): boolean {
  return Object.keys(endpoints).some((network) => !PREDEFINED.includes(network));
}

function read(path: string): ResolvConf {
  try {
    return parseResolvConf(readFileSync(path, "utf8"), path);
  } catch (error) {
    if (hasCode(error, "ENOENT")) return parseResolvConf("", "");
    throw error;
  }
}

/** Where our resolver asks in the container's place, or the container is on the host's network, the stub can be reached. */
function hostResolvConf({ hostFiles }: ContainerDnsDeps, mode: string): ResolvConf {
  const own = read(hostFiles.resolvConf);
  const reachesStub = mode === "host" || !["", "default", "bridge", "none"].includes(mode);
  return !reachesStub && namesOnlyTheStub(own) ? read(hostFiles.resolvedResolvConf) : own;
}

const chosen = (own: readonly string[] | null, engine: readonly string[]): readonly string[] =>
  own !== null && own.length > 0 ? own : engine;

export function createContainerDns(deps: ContainerDnsDeps): ContainerDns {
  const { dns } = deps;
  return ({ hostConfig, endpoints }) => {
    const { NetworkMode, Dns, DnsSearch, DnsOptions } = hostConfig;
    checkNameservers(Dns ?? []);
    const conf = overrideResolvConf(hostResolvConf(deps, NetworkMode), {
      nameservers: chosen(Dns, dns.nameservers),
      search: chosen(DnsSearch, dns.search),
      options: chosen(DnsOptions, dns.options),
    });
    if (resolvesNames(endpoints)) return toInternal(conf);
    if (NetworkMode === "host") return conf;
    return toLegacy(
      conf,
      Object.values(endpoints).some(({ GlobalIPv6Address }) => GlobalIPv6Address !== ""),
    );
  };
}
