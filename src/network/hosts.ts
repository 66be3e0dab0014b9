/** hosts(5) for a container. Pure. */
import { unavailable } from "../base/errors.ts";

const COMMON = [
  ["127.0.0.1", "localhost"],
  ["::1", "localhost ip6-localhost ip6-loopback"],
  ["fe00::", "ip6-localnet"],
  ["ff00::", "ip6-mcastprefix"],
  ["ff02::1", "ip6-allnodes"],
  ["ff02::2", "ip6-allrouters"],
] as const;

export interface Hosts {
  readonly hostname: string;
  readonly domainname: string;
  /** The container's own, none on the networks "host" and "none". */
  readonly addresses: readonly string[];
  /** "name:address" as in HostConfig.ExtraHosts; the address may be "host-gateway". */
  readonly extraHosts: readonly string[];
  /** What "host-gateway" stands for; "" when nothing yet, which is refused where it is asked for. */
  readonly hostGateway: string;
}

/** "web.example.org web": the full name, and its first label when that differs. */
function namesOf({ hostname, domainname }: Hosts): string {
  const full = domainname === "" ? hostname : `${hostname}.${domainname}`;
  const [label = ""] = full.split(".", 1);
  return label === full ? full : `${full} ${label}`;
}

/** An address may hold colons, a name cannot. */
function extraLine(entry: string, hostGateway: string): readonly [address: string, names: string] {
  const colon = entry.indexOf(":");
  const [name, address] = [entry.slice(0, colon), entry.slice(colon + 1)];
  if (address !== "host-gateway") return [address.replace(/^\[(.*)\]$/, "$1"), name];
  if (hostGateway === "") throw unavailable("unable to derive the IP value for host-gateway");
  return [hostGateway, name];
}

/** Docker's order: the common lines, those that were asked for, the container's own. */
export function toHosts(hosts: Hosts): string {
  const lines = [
    ...COMMON,
    ...hosts.extraHosts.map((entry) => extraLine(entry, hosts.hostGateway)),
    ...hosts.addresses.map((address) => [address, namesOf(hosts)] as const),
  ];
  return lines.map(([address, names]) => `${address}\t${names}\n`).join("");
}
