/**
 * The engine's nftables table: a fixed set of rules over sets and maps, so that a network or a published port is a few elements more.
 * Pure. `nft list table inet <name>` shows it as
 *
 *   chain raw         { prerouting raw:     ip daddr 127.0.0.0/8 iifname @bridges drop …                }
 *   chain prerouting  { prerouting dstnat:  fib daddr type local jump publish                           }
 *   chain output      { output dstnat:      the same for the host's own connections, but for ::1        }
 *   chain publish     {                     dnat to … map @exact4, @any4, @exact6, @any6                }
 *   chain forward     { forward filter:     who may reach whom                                          }
 *   chain postrouting { postrouting srcnat: whose source becomes the host's                             }
 */
import type { Request } from "../../kernel/netlink/message.ts";
import {
  addChain,
  addRule,
  addSet,
  addTable,
  type Chain,
  deleteTable,
  type Rule,
  type SetDefinition,
  type Table,
} from "../../kernel/netlink/nft.ts";
import { ACCEPT, address, DROP, ifname, protocol, TYPE } from "../../kernel/netlink/nft-data.ts";
import {
  CT_STATE,
  CT_STATUS,
  differs,
  dnatBy,
  type Expression,
  equals,
  goTo,
  hasAny,
  inSet,
  isIpv4,
  isIpv6,
  load,
  masquerade,
  native,
  notInSet,
  RTN,
  snatBy,
  verdictOf,
} from "../../kernel/netlink/nft-expression.ts";

const { ipv4, ipv6, ifname: name, port, protocol: l4 } = TYPE;

/** Every set and map by what it is asked. */
export const SETS = {
  /** The engine's own interfaces. */
  bridges: { name: "bridges", key: [name] },
  /** Those whose containers reach nobody else. */
  internal: { name: "internal", key: [name] },
  /** Those whose containers do not reach each other. */
  apart: { name: "apart", key: [name] },
  /** From a bridge to itself: whether its containers reach each other. */
  within: { name: "within", key: [name, name], data: "verdict" },
  /** What is not a published port, to a bridge. */
  into4: { name: "into4", key: [name], data: "verdict" },
  into6: { name: "into6", key: [name], data: "verdict" },
  /** Whose packets leave under the host's address, and under which when it is a fixed one. */
  masquerade4: { name: "masquerade4", key: [name] },
  masquerade6: { name: "masquerade6", key: [name] },
  source4: { name: "source4", key: [name], data: [ipv4] },
  source6: { name: "source6", key: [name], data: [ipv6] },
  /** Published on every address of the host, or on one. */
  any4: { name: "any4", key: [l4, port], data: [ipv4, port] },
  any6: { name: "any6", key: [l4, port], data: [ipv6, port] },
  exact4: { name: "exact4", key: [ipv4, l4, port], data: [ipv4, port] },
  exact6: { name: "exact6", key: [ipv6, l4, port], data: [ipv6, port] },
  /** Published on an address of 127.0.0.0/8. */
  loopback: { name: "loopback", key: [ipv4, l4, port] },
  /** A container and the port of the host that leads to itself. */
  own4: { name: "own4", key: [ipv4, l4, port] },
  own6: { name: "own6", key: [ipv6, l4, port] },
  /** Reached under the container's own address, on routed networks. */
  open4: { name: "open4", key: [ipv4, l4, port] },
  open6: { name: "open6", key: [ipv6, l4, port] },
} as const satisfies Readonly<Record<string, SetDefinition>>;

export type SetName = keyof typeof SETS;

const CHAINS: readonly Chain[] = [
  { name: "raw", hook: { type: "filter", at: "prerouting", priority: -300 } },
  { name: "prerouting", hook: { type: "nat", at: "prerouting", priority: -100 } },
  { name: "output", hook: { type: "nat", at: "output", priority: -100 } },
  { name: "forward", hook: { type: "filter", at: "forward", priority: 0 } },
  { name: "postrouting", hook: { type: "nat", at: "postrouting", priority: 100 } },
  { name: "publish" },
  { name: "routed" },
  { name: "unprotected" },
];

const IPPROTO = { ICMP: 1, ICMPV6: 58 } as const;
const LOOPBACK = Buffer.of(127);
const { iifname, oifname, ipv4Source, ipv6Source, ipv4Destination, ipv6Destination, destinationPort } = load;

const toLocal = equals(load.destinationType, native(RTN.local));
const toLoopback: readonly Expression[] = [...isIpv4, ...equals(ipv4Destination, LOOPBACK)];
const accept = goTo(ACCEPT);
const drop = goTo(DROP);

/** The host answers its own containers' packets to loopback addresses (`route_localnet`), and must do so for nobody else. */
const RAW: readonly Expression[][] = [
  [...toLoopback, ...inSet("bridges", iifname), drop],
  [...isIpv4, ...equals(ipv4Source, LOOPBACK), ...inSet("bridges", iifname), drop],
  [
    ...toLoopback,
    ...differs(iifname, ifname("lo")),
    ...inSet("loopback", ipv4Destination, load.protocol, destinationPort),
    drop,
  ],
];

const PUBLISH: readonly Expression[][] = [
  // A bridge with br_netfilter changes destinations by itself, and then sends nothing back to where it came from, nor from one isolated
  // port to another: the relay takes those.
  [...inSet("apart", iifname), goTo({ to: "return" })],
  [...isIpv4, ...inSet("own4", ipv4Source, load.protocol, destinationPort), goTo({ to: "return" })],
  [...isIpv6, ...inSet("own6", ipv6Source, load.protocol, destinationPort), goTo({ to: "return" })],
  [...isIpv4, ...dnatBy("ipv4", "exact4", ipv4Destination, load.protocol, destinationPort)],
  [...isIpv4, ...dnatBy("ipv4", "any4", load.protocol, destinationPort)],
  [...isIpv6, ...dnatBy("ipv6", "exact6", ipv6Destination, load.protocol, destinationPort)],
  [...isIpv6, ...dnatBy("ipv6", "any6", load.protocol, destinationPort)],
];

const FORWARD: readonly Expression[][] = [
  [...notInSet("bridges", iifname), ...notInSet("bridges", oifname), accept],
  [...hasAny(load.ctState, CT_STATE.established | CT_STATE.related), accept],
  [...hasAny(load.ctState, CT_STATE.invalid), drop],
  // Before published ports are let through: those of others are outside, too.
  [...inSet("internal", iifname), ...verdictOf("within", iifname, oifname)],
  [...inSet("internal", iifname), drop],
  [...hasAny(load.ctStatus, CT_STATUS.dnat), accept],
  [...verdictOf("within", iifname, oifname)],
  [...isIpv4, ...verdictOf("into4", oifname)],
  [...isIpv6, ...verdictOf("into6", oifname)],
];

/** To networks whose containers are reached under their own addresses: published ports, and whether they are there at all. */
const ROUTED: readonly Expression[][] = [
  [...isIpv4, ...inSet("open4", ipv4Destination, load.protocol, destinationPort), accept],
  [...isIpv6, ...inSet("open6", ipv6Destination, load.protocol, destinationPort), accept],
  [...equals(load.protocol, protocol(IPPROTO.ICMP)), accept],
  [...equals(load.protocol, protocol(IPPROTO.ICMPV6)), accept],
  [drop],
];

const UNPROTECTED: readonly Expression[][] = [[...inSet("bridges", iifname), drop], [accept]];

const POSTROUTING: readonly Expression[][] = [
  // From 127.0.0.1 to a container, which could not answer.
  [...isIpv4, ...equals(ipv4Source, LOOPBACK), ...inSet("bridges", oifname), masquerade],
  // From a container to a port published by one on the same bridge, which would answer past the host.
  [...inSet("bridges", iifname), ...hasAny(load.ctStatus, CT_STATUS.dnat), masquerade],
  [...isIpv4, ...snatBy("ipv4", "source4", iifname)],
  [...isIpv6, ...snatBy("ipv6", "source6", iifname)],
  [...isIpv4, ...inSet("masquerade4", iifname), masquerade],
  [...isIpv6, ...inSet("masquerade6", iifname), masquerade],
];

const RULES: Readonly<Record<string, readonly Expression[][]>> = {
  raw: RAW,
  prerouting: [[...toLocal, goTo({ to: "jump", chain: "publish" })]],
  // The kernel has no way from ::1 to another machine: the relay takes those.
  output: [
    [...isIpv6, ...equals(ipv6Destination, address("::1")), accept],
    [...toLocal, goTo({ to: "jump", chain: "publish" })],
  ],
  publish: PUBLISH,
  forward: FORWARD,
  routed: ROUTED,
  unprotected: UNPROTECTED,
  postrouting: POSTROUTING,
};

/** How many rules the table has, to see whether they are all there. */
export const RULE_COUNT = Object.values(RULES).flat().length;

/** The table anew and without any element, whether there is one or not. */
export function toRuleset(table: Table): Request[] {
  const rules = Object.entries(RULES).flatMap(([chain, bodies]) =>
    bodies.map((expressions): Rule => ({ chain, expressions })),
  );
  return [
    ...toDeletion(table),
    addTable(table),
    ...Object.values(SETS).map((set, index) => addSet(table, set, index + 1)),
    ...CHAINS.map((chain) => addChain(table, chain)),
    ...rules.map((rule) => addRule(table, rule)),
  ];
}

/** Whether there is one or not. */
export function toDeletion(table: Table): Request[] {
  return [addTable(table), deleteTable(table)];
}
