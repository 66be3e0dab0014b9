/** Writes /etc/hosts, /etc/resolv.conf and /etc/hostname of a container, three small files on the start path. */
import { chmodSync, readFileSync, writeFileSync } from "node:fs";
import { hasCode } from "../base/errors.ts";
import type { EndpointSettings } from "../wire/container.ts";
import type { HostConfig } from "../wire/host-config.ts";
import type { ContainerDns } from "./container-dns.ts";
import { type HostsLine, ownLines, readdressed, toHosts, toText } from "./hosts.ts";
import { toResolvConf } from "./resolv-conf.ts";

export interface EtcFilesDeps {
  /** The host's own /etc/hosts. */
  readonly hostsFile: string;
  readonly dns: ContainerDns;
  /** What "host-gateway" stands for. */
  readonly hostGateways: () => readonly string[];
}

export interface EtcRequest {
  readonly hostname: string;
  readonly domainname: string;
  readonly hostConfig: Pick<HostConfig, "NetworkMode" | "Dns" | "DnsSearch" | "DnsOptions" | "ExtraHosts" | "Sysctls">;
  readonly endpoints: Readonly<Record<string, Pick<EndpointSettings, "IPAddress" | "GlobalIPv6Address">>>;
  /** Containers that this one is linked to on the default bridge: an address, and the names for it. */
  readonly links: readonly HostsLine[];
}

export interface EtcPaths {
  readonly hosts: string;
  readonly resolvConf: string;
  readonly hostname: string;
}

export interface EtcFiles {
  pathsIn(dir: string): EtcPaths;
  /** Writes (or rewrites) the three files, readable for everybody, into `dir` and returns their paths. */
  write(dir: string, request: EtcRequest): EtcPaths;
  /**
   * After connections of a running container have changed: the files of `before` as they are for `after`, as far as nobody has
   * changed them. Lines of others in `hosts` stay; resolv.conf changes once at most, when names come to be resolved.
   */
  update(dir: string, before: EtcRequest, after: EtcRequest): void;
  /** Containers that a running one is linked to have other addresses now. */
  readdress(dir: string, links: readonly HostsLine[]): void;
}

function readIfThere(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    if (hasCode(error, "ENOENT")) return "";
    throw error;
  }
}

/** A container may do without IPv6 by a sysctl of its own. */
function hasIpv6({ hostConfig }: EtcRequest): boolean {
  const { Sysctls = {} } = hostConfig;
  return !["all", "lo"].some((device) => Sysctls[`net.ipv6.conf.${device}.disable_ipv6`] === "1");
}

const addressesOf = ({ endpoints }: EtcRequest): string[] =>
  Object.values(endpoints).flatMap(({ IPAddress, GlobalIPv6Address }) =>
    [IPAddress, GlobalIPv6Address].filter((address) => address !== ""),
  );

/** On the host's network, and asked for nothing else, a container sees the host's names. */
function hostsFor({ hostsFile, hostGateways }: EtcFilesDeps, request: EtcRequest): string {
  const { hostname, domainname, hostConfig, links } = request;
  const extraHosts = hostConfig.ExtraHosts ?? [];
  if (hostConfig.NetworkMode === "host" && extraHosts.length === 0) return readIfThere(hostsFile);
  return toHosts({
    hostname,
    domainname,
    addresses: addressesOf(request),
    extraHosts,
    hostGateways: hostGateways(),
    links,
    hasIpv6: hasIpv6(request),
  });
}

/** The lines that `before` has, and `after` has not, go; those of `after` alone come to the end. */
function updateHosts(text: string, before: EtcRequest, after: EtcRequest): string {
  const linesOf = (request: EtcRequest): HostsLine[] => [
    ...request.links,
    ...ownLines({ ...request, addresses: addressesOf(request) }),
  ];
  const [old, present] = [linesOf(before).map((line) => toText([line])), linesOf(after).map((line) => toText([line]))];
  const kept = text.split(/(?<=\n)/).filter((line) => !old.includes(line) || present.includes(line));
  return [...kept, ...present.filter((line) => !old.includes(line))].join("");
}

const pathsIn = (dir: string): EtcPaths => ({
  hosts: `${dir}/hosts`,
  resolvConf: `${dir}/resolv.conf`,
  hostname: `${dir}/hostname`,
});

/** In place, as a file that is bind-mounted must stay the same file. */
function writeReadable(path: string, text: string): void {
  writeFileSync(path, text);
  chmodSync(path, 0o644);
}

export function createEtcFiles(deps: EtcFilesDeps): EtcFiles {
  const resolvConfFor = (request: EtcRequest): string => toResolvConf(deps.dns(request));
  return {
    pathsIn,
    write(dir, request) {
      const paths = pathsIn(dir);
      writeReadable(paths.hosts, hostsFor(deps, request));
      writeReadable(paths.resolvConf, resolvConfFor(request));
      writeReadable(paths.hostname, `${request.hostname}\n`);
      return paths;
    },
    update(dir, before, after) {
      const { hosts, resolvConf } = pathsIn(dir);
      writeReadable(hosts, updateHosts(readIfThere(hosts), before, after));
      const old = deps.dns(before);
      const isOurs = readIfThere(resolvConf) === toResolvConf(old);
      if (isOurs && old.transform === "legacy") writeReadable(resolvConf, resolvConfFor(after));
    },
    readdress(dir, links) {
      const { hosts } = pathsIn(dir);
      writeReadable(hosts, readdressed(readIfThere(hosts), links));
    },
  };
}
