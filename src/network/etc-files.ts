/** Writes /etc/hosts, /etc/resolv.conf and /etc/hostname of a container, three small files on the start path. */
import { chmodSync, readFileSync, writeFileSync } from "node:fs";
import { hasCode } from "../base/errors.ts";
import type { EndpointSettings } from "../wire/container.ts";
import type { HostConfig } from "../wire/host-config.ts";
import { toHosts } from "./hosts.ts";
import {
  namesOnlyTheStub,
  overrideResolvConf,
  parseResolvConf,
  type ResolvConf,
  toResolvConf,
  withReachableServers,
} from "./resolv-conf.ts";

export interface EtcFilesDeps {
  /** The host's own files: /etc/hosts, /etc/resolv.conf, and where systemd-resolved tells the real servers. */
  readonly hostFiles: { readonly hosts: string; readonly resolvConf: string; readonly resolvedResolvConf: string };
  /** The engine's settings, for containers that have none of their own. */
  readonly dns: ResolvConf;
  /** What "host-gateway" stands for. */
  readonly hostGateway: () => string;
}

export interface EtcRequest {
  readonly hostname: string;
  readonly domainname: string;
  readonly hostConfig: Pick<HostConfig, "NetworkMode" | "Dns" | "DnsSearch" | "DnsOptions" | "ExtraHosts">;
  readonly endpoints: Readonly<Record<string, Pick<EndpointSettings, "IPAddress">>>;
}

export interface EtcFiles {
  /** Writes (or rewrites) the three files, readable for everybody, into `dir` and returns their paths. */
  write(dir: string, request: EtcRequest): { hosts: string; resolvConf: string; hostname: string };
}

function readIfThere(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    if (hasCode(error, "ENOENT")) return "";
    throw error;
  }
}

/** The host's resolver settings as they serve a container with, or without, a network of its own. */
function hostResolvConf({ hostFiles }: EtcFilesDeps, onHostNetwork: boolean): ResolvConf {
  const own = parseResolvConf(readIfThere(hostFiles.resolvConf));
  if (onHostNetwork) return own;
  return withReachableServers(namesOnlyTheStub(own) ? parseResolvConf(readIfThere(hostFiles.resolvedResolvConf)) : own);
}

function resolvConfFor(deps: EtcFilesDeps, { hostConfig }: EtcRequest): string {
  const { Dns, DnsSearch, DnsOptions, NetworkMode } = hostConfig;
  const engine = overrideResolvConf(hostResolvConf(deps, NetworkMode === "host"), deps.dns);
  return toResolvConf(overrideResolvConf(engine, { nameservers: Dns, search: DnsSearch, options: DnsOptions }));
}

/** On the host's network, and asked for nothing else, a container sees the host's names. */
function hostsFor({ hostFiles, hostGateway }: EtcFilesDeps, request: EtcRequest): string {
  const { hostname, domainname, hostConfig, endpoints } = request;
  const extraHosts = hostConfig.ExtraHosts ?? [];
  if (hostConfig.NetworkMode === "host" && extraHosts.length === 0) return readIfThere(hostFiles.hosts);
  const addresses = Object.values(endpoints).flatMap(({ IPAddress }) => (IPAddress === "" ? [] : [IPAddress]));
  return toHosts({ hostname, domainname, addresses, extraHosts, hostGateway: hostGateway() });
}

/** In place, as a file that is bind-mounted must stay the same file. */
function writeReadable(path: string, text: string): string {
  writeFileSync(path, text);
  chmodSync(path, 0o644);
  return path;
}

export function createEtcFiles(deps: EtcFilesDeps): EtcFiles {
  return {
    write: (dir, request) => ({
      hosts: writeReadable(`${dir}/hosts`, hostsFor(deps, request)),
      resolvConf: writeReadable(`${dir}/resolv.conf`, resolvConfFor(deps, request)),
      hostname: writeReadable(`${dir}/hostname`, `${request.hostname}\n`),
    }),
  };
}
