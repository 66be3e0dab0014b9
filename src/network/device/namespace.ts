/** Network namespaces of containers and the interfaces in them. Runs in the worker, whose thread enters them and comes home. */
import { writeFileSync } from "node:fs";
import { hasCode, systemError } from "../../base/errors.ts";
import type { OwnedFd } from "../../kernel/fd.ts";
import {
  addAddress,
  deleteDefaultRoute,
  listAddresses,
  readAddress,
  setDefaultRoute,
} from "../../kernel/netlink/address.ts";
import {
  addIpvlan,
  addMacvlan,
  addVeth,
  deleteLink,
  isolatePort,
  listLinks,
  readLink,
  setLink,
} from "../../kernel/netlink/link.ts";
import type { Request } from "../../kernel/netlink/message.ts";
import { limitRate } from "../../kernel/netlink/qdisc.ts";
import { NetlinkSocket } from "../../kernel/netlink/socket.ts";
import { createNetns, inNetns } from "../../kernel/netns.ts";
import { toBroadcast } from "./broadcast.ts";
import { findLink, groupOf } from "./host.ts";
import type { DefaultRoutePlan, DefaultRoutesPlan, InterfacePlan, NamespaceChange, NamespacePlan } from "./plan.ts";

const LOOPBACK_INDEX = 1;
const FIRST_INDEX = 2;

/** Where the thread is at home, and the socket that works on the host's interfaces. */
export interface Home {
  readonly netns: OwnedFd;
  readonly host: NetlinkSocket;
}

/** A namespace with these interfaces, loopback up. When one of them cannot be made, all of it is gone again. */
export function createNamespace({ netns: home, host }: Home, { interfaces, routes }: NamespacePlan): OwnedFd {
  return createNetns(home, (namespace) => {
    using inside = new NetlinkSocket();
    const taken = new Set<string>();
    // Their numbers are free here, which saves looking for them.
    const made = interfaces.map((plan, at) => {
      const name = chooseName(plan, taken);
      addInterface(host, plan, { name, index: FIRST_INDEX + at, netnsFd: namespace.fd });
      writeSettings(plan, name);
      return settingsOf(plan, FIRST_INDEX + at);
    });
    inside.send(setLink(LOOPBACK_INDEX, { up: true }), ...made.flat());
    setRoutes(inside, routes);
  });
}

/** Adds or takes away an interface of a namespace that lives. */
export function changeNamespace(home: Home, namespace: OwnedFd, { add, remove, routes }: NamespaceChange): void {
  inNetns(namespace, home.netns, () => {
    using inside = new NetlinkSocket();
    if (remove !== undefined) removeByAddress(inside, remove);
    if (add !== undefined) plugIn(home.host, inside, namespace, add);
    replaceRoutes(inside, routes);
  });
}

function plugIn(host: NetlinkSocket, inside: NetlinkSocket, namespace: OwnedFd, plan: InterfacePlan): void {
  const taken = new Set(inside.dump(listLinks).flatMap((message) => readLink(message)?.name ?? []));
  const name = chooseName(plan, taken);
  addInterface(host, plan, { name, netnsFd: namespace.fd });
  const index = findLink(inside, name)?.index;
  if (index === undefined) throw systemError(`interface ${name} has vanished`);
  try {
    writeSettings(plan, name);
    inside.send(...settingsOf(plan, index));
  } catch (error) {
    inside.send(deleteLink(index));
    throw error;
  }
}

/** The whole name, or the prefix with the lowest number that is free. It is taken from then on. */
function chooseName({ name }: InterfacePlan, taken: Set<string>): string {
  const chosen = "whole" in name ? name.whole : lowestFree(name.prefix, taken);
  taken.add(chosen);
  return chosen;
}

function lowestFree(prefix: string, taken: ReadonlySet<string>): string {
  for (let number = 0; ; number++) {
    if (!taken.has(`${prefix}${number}`)) return `${prefix}${number}`;
  }
}

interface Inside {
  readonly name: string;
  readonly index?: number;
  readonly netnsFd: number;
}

function addInterface(host: NetlinkSocket, plan: InterfacePlan, inside: Inside): void {
  const { link, mac, mtu } = plan;
  const size = mtu === undefined ? {} : { mtu };
  const own = { ...inside, ...size, ...(mac === undefined ? {} : { mac }) };
  switch (link.kind) {
    case "bridge": {
      const { hostName, bridge } = link;
      host.send(addVeth({ name: hostName, master: bridge, group: groupOf(bridge), up: true, ...size }, own));
      return configurePort(host, plan, hostName);
    }
    case "macvlan":
      return host.send(addMacvlan({ ...own, parent: link.parent }, link.mode));
    case "ipvlan":
      return host.send(addIpvlan({ ...own, parent: link.parent }, link.mode, link.flag));
  }
}

/** What few ports have, and what costs looking for the port. */
function configurePort(host: NetlinkSocket, { link, receives }: InterfacePlan, hostName: string): void {
  const isolated = link.kind === "bridge" && link.isolated;
  if (!isolated && receives === undefined) return;
  const index = findLink(host, hostName)?.index ?? 0;
  host.send(
    ...(isolated ? [isolatePort(index)] : []),
    // What the host's end sends is what the container receives.
    ...(receives === undefined ? [] : [limitRate(index, receives)]),
  );
}

/** To be called before the interface is up, or it has given itself a link-local address. */
function writeSettings({ ipv6, announces, sysctls, link }: InterfacePlan, name: string): void {
  writeSetting(`ipv6/conf/${name}/disable_ipv6`, ipv6 ? "0" : "1");
  if (ipv6 && link.kind === "bridge") writeSetting(`ipv6/conf/${name}/accept_ra`, "0");
  if (announces) {
    writeSetting(`ipv4/conf/${name}/arp_notify`, "1");
    writeSetting(`ipv6/conf/${name}/ndisc_notify`, "1");
  }
  for (const [path, value] of Object.entries(sysctls)) {
    writeFileSync(`/proc/sys/net/${path.replace(/\bIFNAME\b/i, name)}`, value);
  }
}

function writeSetting(path: string, value: string): void {
  try {
    writeFileSync(`/proc/sys/net/${path}`, value);
  } catch (error) {
    if (!hasCode(error, "ENOENT")) throw error; // A kernel without IPv6.
  }
}

function settingsOf({ addresses, sends }: InterfacePlan, index: number): Request[] {
  return [
    ...addresses.map(({ address, prefixLength }) =>
      addAddress({ index, address, prefixLength }, toBroadcast(address, prefixLength)),
    ),
    setLink(index, { up: true }),
    ...(sends === undefined ? [] : [limitRate(index, sends)]),
  ];
}

function setRoutes(inside: NetlinkSocket, { ipv4, ipv6 }: DefaultRoutesPlan): void {
  const requests = [
    ...(ipv4 === undefined ? [] : [setDefaultRoute(4, toRoute(inside, ipv4))]),
    ...(ipv6 === undefined ? [] : [setDefaultRoute(6, toRoute(inside, ipv6))]),
  ];
  if (requests.length > 0) inside.send(...requests);
}

function replaceRoutes(inside: NetlinkSocket, routes: DefaultRoutesPlan): void {
  if (routes.ipv4 === undefined) deleteRoute(inside, 4);
  if (routes.ipv6 === undefined) deleteRoute(inside, 6);
  setRoutes(inside, routes);
}

function deleteRoute(inside: NetlinkSocket, family: 4 | 6): void {
  try {
    inside.send(deleteDefaultRoute(family));
  } catch (error) {
    if (!hasCode(error, "ESRCH")) throw error;
  }
}

function toRoute(inside: NetlinkSocket, plan: DefaultRoutePlan) {
  if ("gateway" in plan) return { gateway: plan.gateway, index: undefined };
  return { gateway: undefined, index: indexByAddress(inside, plan.through) };
}

function indexByAddress(inside: NetlinkSocket, wanted: string): number | undefined {
  return inside
    .dump(listAddresses)
    .map(readAddress)
    .find((found) => found?.address === wanted)?.index;
}

function removeByAddress(inside: NetlinkSocket, address: string): void {
  const index = indexByAddress(inside, address);
  if (index !== undefined) inside.send(deleteLink(index));
}
