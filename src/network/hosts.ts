/** hosts(5) for a container. Pure. */
import { unavailable } from "../base/errors.ts";

export type HostsLine = readonly [address: string, names: string];

const COMMON_IPV4: readonly HostsLine[] = [["127.0.0.1", "localhost"]];
const COMMON_IPV6: readonly HostsLine[] = [
  ["::1", "localhost ip6-localhost ip6-loopback"],
  ["fe00::", "ip6-localnet"],
  ["ff00::", "ip6-mcastprefix"],
  ["ff02::1", "ip6-allnodes"],
  ["ff02::2", "ip6-allrouters"],
];

export interface Hosts {
  readonly hostname: string;
  readonly domainname: string;
  /** The container's own, none on the networks "host" and "none". */
  readonly addresses: readonly string[];
  /** "name:address" as in HostConfig.ExtraHosts; the address may be "host-gateway". */
  readonly extraHosts: readonly string[];
  /** What "host-gateway" stands for; empty when nothing yet, which is refused where it is asked for. */
  readonly hostGateways: readonly string[];
  /** Containers that this one is linked to on the default bridge. */
  readonly links: readonly HostsLine[];
  /** False leaves every IPv6 address out. */
  readonly hasIpv6: boolean;
}

/** "web.example.org web": the full name, and its first label when that differs. */
function namesOf({ hostname, domainname }: Pick<Hosts, "hostname" | "domainname">): string {
  const full = domainname === "" ? hostname : `${hostname}.${domainname}`;
  const [label = ""] = full.split(".", 1);
  return label === full ? full : `${full} ${label}`;
}

/** An address may hold colons, a name cannot. */
function extraLines(entry: string, hostGateways: readonly string[]): HostsLine[] {
  const colon = entry.indexOf(":");
  const [name, address] = [entry.slice(0, colon), entry.slice(colon + 1)];
  if (address !== "host-gateway") return [[address.replace(/^\[(.*)\]$/, "$1"), name]];
  if (hostGateways.length === 0) throw unavailable("unable to derive the IP value for host-gateway");
  return hostGateways.map((gateway) => [gateway, name]);
}

/** The lines by which a container knows itself. */
export function ownLines({ addresses, ...names }: Pick<Hosts, "hostname" | "domainname" | "addresses">): HostsLine[] {
  return addresses.map((address) => [address, namesOf(names)]);
}

export const toText = (lines: readonly HostsLine[]): string =>
  lines.map(([address, names]) => `${address}\t${names}\n`).join("");

/** The text with other addresses for the names of these lines, where it has them. */
export function readdressed(text: string, lines: readonly HostsLine[]): string {
  const addresses = new Map(lines.map(([address, names]) => [names, address]));
  return text.replace(/^(\S+)\t(.*)$/gm, (_, old: string, names: string) => `${addresses.get(names) ?? old}\t${names}`);
}

/** Docker's order: the common lines, those that were asked for, links, the container's own. */
export function toHosts(hosts: Hosts): string {
  const common = hosts.hasIpv6 ? [...COMMON_IPV4, ...COMMON_IPV6] : COMMON_IPV4;
  const rest = [
    ...hosts.extraHosts.flatMap((entry) => extraLines(entry, hosts.hostGateways)),
    ...hosts.links,
    ...ownLines(hosts),
  ];
  return toText([...common, ...rest.filter(([address]) => hosts.hasIpv6 || !address.includes(":"))]);
}
