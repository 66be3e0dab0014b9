/** What a network and a published port are in the sets and maps of the table. Pure. */
import { isIPv4 } from "../../base/ip.ts";
import type { Element } from "../../kernel/netlink/nft.ts";
import { ACCEPT, address, DROP, ifname, port, protocol, type Verdict } from "../../kernel/netlink/nft-data.ts";
import type { PublishedPort } from "../ports/published-port.ts";
import type { BridgePolicy, GatewayMode } from "./policy.ts";
import type { SetName } from "./ruleset.ts";

/** An element and where it belongs. */
export interface Placed {
  readonly set: SetName;
  readonly element: Element;
}

const place = (set: SetName, element: Element): Placed => ({ set, element });

/** What comes to a bridge from elsewhere and is neither an answer nor to a published port. */
const INTO: Readonly<Record<GatewayMode, Verdict>> = {
  nat: DROP,
  "nat-unprotected": { to: "goto", chain: "unprotected" },
  routed: { to: "goto", chain: "routed" },
};

export function networkElements(policy: BridgePolicy): Placed[] {
  const { bridge, internal, icc, gatewayMode, sourceAddress = {} } = policy;
  const key = [ifname(bridge)];
  const into = (mode: GatewayMode): Verdict => (internal ? DROP : INTO[mode]);
  const placed = [
    place("bridges", { key }),
    place("within", { key: [ifname(bridge), ifname(bridge)], data: icc ? ACCEPT : DROP }),
    place("into4", { key, data: into(gatewayMode.ipv4) }),
    place("into6", { key, data: into(gatewayMode.ipv6) }),
  ];
  if (!icc) placed.push(place("apart", { key }));
  if (internal) return [...placed, place("internal", { key })];
  if (!policy.masquerade) return placed;
  if (gatewayMode.ipv4 !== "routed") placed.push(leaving("masquerade4", "source4", key, sourceAddress.ipv4));
  if (gatewayMode.ipv6 !== "routed") placed.push(leaving("masquerade6", "source6", key, sourceAddress.ipv6));
  return placed;
}

function leaving(dynamic: SetName, fixed: SetName, key: Element["key"], source: string | undefined): Placed {
  return source === undefined ? place(dynamic, { key }) : place(fixed, { key, data: [address(source)] });
}

const IPPROTO = { tcp: 6, udp: 17, sctp: 132 } as const;
const UNSPECIFIED = new Set(["0.0.0.0", "::"]);

/** None for what only the relay can carry: from an IPv6 address, or from ::1, to a container that has IPv4 only. */
export function portElements(published: PublishedPort): Placed[] {
  const { hostIp, hostPort, containerIp, containerPort } = published;
  const l4 = protocol(IPPROTO[published.protocol]);
  const data = [address(containerIp), port(containerPort)];
  const family = isIPv4(containerIp) ? 4 : 6;
  if (hostPort === 0) return [place(`open${family}`, { key: [address(containerIp), l4, port(containerPort)] })];
  if (isIPv4(hostIp) !== isIPv4(containerIp) || hostIp === "::1") return [];
  const own = place(`own${family}`, { key: [address(containerIp), l4, port(hostPort)] });
  if (UNSPECIFIED.has(hostIp)) return [own, place(`any${family}`, { key: [l4, port(hostPort)], data })];
  const key = [address(hostIp), l4, port(hostPort)];
  const exact = place(`exact${family}`, { key, data });
  return [own, exact, ...(hostIp.startsWith("127.") ? [place("loopback", { key })] : [])];
}
