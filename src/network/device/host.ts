/** Interfaces of the host: bridges, and those that macvlan and ipvlan lie upon, by rtnetlink. Runs in the worker: the kernel's network lock can be held for long. */
import { writeFileSync } from "node:fs";
import { hasCode, systemError } from "../../base/errors.ts";
import { overlap, type Prefix, prefixAround, toCidr } from "../../base/ip-prefix.ts";
import {
  addAddress,
  deleteAddress,
  listAddresses,
  listRoutes,
  readAddress,
  readRoute,
} from "../../kernel/netlink/address.ts";
import {
  addBridge,
  addDummy,
  addVlan,
  deleteLink,
  deleteLinkGroup,
  getLink,
  type Link,
  type LinkSettings,
  listLinks,
  readLink,
  setLink,
} from "../../kernel/netlink/link.ts";
import type { Request } from "../../kernel/netlink/message.ts";
import type { NetlinkSocket } from "../../kernel/netlink/socket.ts";
import { toBroadcast } from "./broadcast.ts";
import type { AddressPlan, BridgePlan, FoundBridge, ParentPlan, UsedSubnet } from "./plan.ts";

/** Every veth of a bridge is in one interface group, so that one call deletes all that no container holds. */
const GROUP_BASE = 0x7461_0000;

export const groupOf = (bridgeIndex: number): number => GROUP_BASE + bridgeIndex;

const isLinkLocal = (address: string): boolean => /^fe[89ab]/.test(address);

export function findLink(host: NetlinkSocket, wanted: string | number): Link | undefined {
  try {
    return host.query(getLink(wanted)).map(readLink)[0];
  } catch (error) {
    if (hasCode(error, "ENODEV")) return undefined;
    throw error;
  }
}

/** Packets pass by this port of a bridge, or it is gone. The kernel comes round to that some time after both ends of a veth are up. */
export function isForwarding(host: NetlinkSocket, name: string): boolean {
  const port = findLink(host, name);
  if (port?.master === undefined) return true;
  return port.sends && findLink(host, port.master)?.sends !== false;
}

/** A subnet of this machine, and the interface that has it. */
interface HostSubnet {
  readonly index: number;
  readonly prefix: Prefix;
  readonly ofInterface: boolean;
}

/** Subnets that interfaces and routes of this machine lie in, those of link-local addresses and of `except` left out. */
function hostSubnets(host: NetlinkSocket, except: number): HostSubnet[] {
  const addresses = host.dump(listAddresses).flatMap((message) => {
    const found = readAddress(message);
    return found === undefined ? [] : [{ ...found, ofInterface: true }];
  });
  const routes = host.dump(listRoutes).flatMap((message) => {
    const route = readRoute(message);
    if (route?.destination === undefined || route.index === undefined) return [];
    const { index, destination: address, prefixLength } = route;
    return [{ index, address, prefixLength, ofInterface: false }];
  });
  return [...addresses, ...routes]
    .filter(({ index, address }) => index !== except && !isLinkLocal(address) && !address.startsWith("ff"))
    .map(({ index, address, prefixLength, ofInterface }) => ({
      index,
      prefix: prefixAround(address, prefixLength),
      ofInterface,
    }));
}

/** What new subnets keep away from. The interface `except`, if there is one, does not count. */
export function usedSubnets(host: NetlinkSocket, except: string): UsedSubnet[] {
  const subnets = hostSubnets(host, findLink(host, except)?.index ?? 0);
  return subnets.map(({ prefix, ofInterface }) => ({ cidr: toCidr(prefix), ofInterface }));
}

/** The ends of veth pairs that were made for the bridges whose alias begins so. */
export function portsOf(host: NetlinkSocket, alias: string): string[] {
  const links = host.dump(listLinks).flatMap((message) => readLink(message) ?? []);
  const ours = links.filter((link) => link.kind === "bridge" && link.alias?.startsWith(alias));
  const groups = new Set(ours.map(({ index }) => groupOf(index)));
  return links.filter(({ group }) => group !== undefined && groups.has(group)).map(({ name }) => name);
}

export function findBridge(host: NetlinkSocket, name: string): FoundBridge | undefined {
  const link = findLink(host, name);
  if (link === undefined) return undefined;
  checkIsBridge(link);
  const inUse = host.dump(listLinks).some((message) => readLink(message)?.master === link.index);
  const addresses = addressesOf(host, link.index).filter(({ address }) => !isLinkLocal(address));
  return { index: link.index, addresses, inUse };
}

function checkIsBridge({ name, kind }: Link): void {
  if (kind !== "bridge") throw systemError(`existing interface ${name} is not a bridge`);
}

function addressesOf(host: NetlinkSocket, wanted: number): AddressPlan[] {
  return host.dump(listAddresses).flatMap((message) => {
    const found = readAddress(message);
    if (found === undefined || found.index !== wanted) return [];
    return [{ address: found.address, prefixLength: found.prefixLength }];
  });
}

/** Two engines that start together may choose the same subnet: the younger bridge gives way. */
function mustGiveWay(host: NetlinkSocket, index: number, addresses: readonly AddressPlan[]): boolean {
  const ours = addresses.map(({ address, prefixLength }) => prefixAround(address, prefixLength));
  return hostSubnets(host, index).some(
    (used) => used.index < index && ours.some((prefix) => overlap(used.prefix, prefix)),
  );
}

/**
 * Finds or makes the bridge and gives it what it lacks. One that we have not made keeps what it has. Its index; undefined when
 * it had to give way.
 */
export function ensureBridge(host: NetlinkSocket, plan: BridgePlan): number | undefined {
  const found = findLink(host, plan.name);
  if (found !== undefined) checkIsBridge(found);
  const size = plan.mtu === undefined ? {} : { mtu: plan.mtu };
  // Its own hardware address, as it would otherwise change with its ports.
  if (found === undefined) host.send(addBridge({ name: plan.name, mac: plan.mac, ...size }));
  const index = found?.index ?? findLink(host, plan.name)?.index ?? 0;
  writeIpv6Settings(plan.name, plan.ipv6);
  const present = found === undefined ? [] : addressesOf(host, index);
  const missing = plan.addresses.filter(({ address }) => !present.some((has) => has.address === address));
  host.send(
    ...missing.map(({ address, prefixLength }) =>
      addAddress({ index, address, prefixLength }, toBroadcast(address, prefixLength)),
    ),
    setLink(index, { up: true, ...ownSettings(found, plan) }),
  );
  if (found !== undefined || !plan.yields || !mustGiveWay(host, index, plan.addresses)) return index;
  host.send(deleteLink(index));
  return undefined;
}

/** An alias can be given to what is there only. */
function ownSettings(found: Link | undefined, plan: BridgePlan): Pick<LinkSettings, "alias" | "mtu"> {
  const { alias, mtu } = plan;
  if (found === undefined) return { alias };
  if (!isOurs(found, plan)) return {};
  return mtu === undefined ? { alias } : { alias, mtu };
}

/** Until it has its alias, which it cannot be made with, a bridge of ours is known by its hardware address. */
function isOurs({ alias = "", mac }: Link, plan: BridgePlan): boolean {
  return alias === plan.alias || (alias === "" && mac === plan.mac);
}

/** Nobody on the bridge tells the host where to send things: advertisements of routers are not believed. */
function writeIpv6Settings(name: string, enabled: boolean): void {
  try {
    writeFileSync(`/proc/sys/net/ipv6/conf/${name}/accept_ra`, "0");
    writeFileSync(`/proc/sys/net/ipv6/conf/${name}/disable_ipv6`, enabled ? "0" : "1");
  } catch (error) {
    if (!hasCode(error, "ENOENT")) throw error; // A kernel without IPv6.
  }
}

/**
 * Deletes every veth of ours on the bridge, and the bridge itself when we have made it; another loses the addresses of the plan.
 * Idempotent.
 */
export function deleteBridge(host: NetlinkSocket, plan: BridgePlan): void {
  const bridge = findLink(host, plan.name);
  if (bridge === undefined) return;
  try {
    host.send(deleteLinkGroup(groupOf(bridge.index)));
  } catch (error) {
    if (!hasCode(error, "ENODEV")) throw error;
  }
  // Its routes go with its being down, which is over when the kernel answers.
  if (isOurs(bridge, plan)) return host.send(setLink(bridge.index, { up: false }), deleteLink(bridge.index));
  const present = addressesOf(host, bridge.index);
  const ours = plan.addresses.filter(({ address }) => present.some((has) => has.address === address));
  for (const address of ours) host.send(deleteAddress({ index: bridge.index, ...address }));
}

const SUBINTERFACE = /^(.+)\.(\d+)$/;

/** Finds the parent, or makes it: one that leads nowhere, or the 802.1Q network that a name such as "eth0.10" means. Its index. */
export function ensureParent(host: NetlinkSocket, { name, alias, dummy }: ParentPlan): number {
  const found = findLink(host, name);
  if (found !== undefined) return found.index;
  host.send(dummy ? addDummy({ name, up: true }) : vlanOf(host, name));
  const index = findLink(host, name)?.index ?? 0;
  host.send(setLink(index, { alias }));
  return index;
}

function vlanOf(host: NetlinkSocket, name: string): Request {
  const [, base = "", id = ""] = SUBINTERFACE.exec(name) ?? [];
  if (base === "") throw systemError(`invalid subinterface vlan name ${name}, example formatting is eth0.10`);
  const number = Number(id);
  if (number === 0 || number > 4094) {
    throw systemError(`vlan id must be between 1-4094, received: ${id}`);
  }
  const parent = findLink(host, base);
  if (parent === undefined) throw systemError(`-o parent interface was not found on the host: ${base}`);
  return addVlan({ name, parent: parent.index, up: true }, number);
}

/** Deletes a veth pair by its end on the host. Idempotent. */
export function deletePair(host: NetlinkSocket, hostName: string): void {
  const link = findLink(host, hostName);
  if (link !== undefined) host.send(deleteLink(link.index));
}

/** Deletes a parent that we made, known by its alias. Idempotent. */
export function deleteParent(host: NetlinkSocket, { name, alias }: ParentPlan): void {
  const found = findLink(host, name);
  if (found?.alias === alias) host.send(deleteLink(found.index));
}
