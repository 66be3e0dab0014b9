/** The engine's bridge and the namespaces on it, by rtnetlink. Runs in the worker: the kernel's network lock can be held for long. */
import { writeFileSync } from "node:fs";
import { hasCode } from "../base/errors.ts";
import { createId } from "../base/ids.ts";
import type { OwnedFd } from "../kernel/fd.ts";
import { addAddress, addRoute, listAddresses, listRoutes, readAddress, readRoute } from "../kernel/netlink/address.ts";
import {
  addBridge,
  addVeth,
  deleteLink,
  deleteLinkGroup,
  getLink,
  type Link,
  listLinks,
  readLink,
  setLink,
} from "../kernel/netlink/link.ts";
import { NetlinkSocket } from "../kernel/netlink/socket.ts";
import { createNetns } from "../kernel/netns.ts";
import { macOf } from "./addresses.ts";
import {
  broadcastOf,
  chooseSubnet,
  cidrOf,
  type Gateway,
  overlap,
  parseGateway,
  type Subnet,
  subnetAround,
} from "./subnet.ts";

const LOOPBACK_INDEX = 1;
const ETH0_INDEX = 2;

/** Every veth of an engine is in one interface group, so that one call deletes all that no container holds. */
const GROUP_BASE = 0x7461_0000;

export interface Bridge {
  readonly index: number;
  readonly gateway: Gateway;
}

function findLink(host: NetlinkSocket, name: string): Link | undefined {
  try {
    return host.query(getLink(name)).map(readLink)[0];
  } catch (error) {
    if (hasCode(error, "ENODEV")) return undefined;
    throw error;
  }
}

/** Subnets that interfaces and routes of this machine lie in, those of `except` left out. */
function usedSubnets(host: NetlinkSocket, except: number): { index: number; subnet: Subnet }[] {
  const addresses = host.dump(listAddresses).flatMap((message) => readAddress(message) ?? []);
  const routes = host.dump(listRoutes).flatMap((message) => {
    const route = readRoute(message);
    if (route?.destination === undefined || route.index === undefined) return [];
    return [{ index: route.index, address: route.destination, prefixLength: route.prefixLength }];
  });
  return [...addresses, ...routes]
    .filter(({ index }) => index !== except)
    .map(({ index, address, prefixLength }) => ({ index, subnet: subnetAround(address, prefixLength) }));
}

function gatewayOf(host: NetlinkSocket, index: number): Gateway | undefined {
  const found = host
    .dump(listAddresses)
    .map(readAddress)
    .find((address) => address?.index === index);
  return found && { subnet: subnetAround(found.address, found.prefixLength), address: found.address };
}

function createBridge(host: NetlinkSocket, name: string, gateway: Gateway): Bridge {
  const { subnet, address } = gateway;
  // Its own hardware address, as it would otherwise change with its ports.
  host.send(addBridge({ name, mac: macOf(address), up: true }));
  const index = findLink(host, name)?.index ?? 0;
  host.send(addAddress({ index, address, prefixLength: subnet.prefixLength }, broadcastOf(subnet)));
  return { index, gateway };
}

/** Two engines that start together may choose the same subnet: the younger bridge gives way. */
function mustGiveWay(host: NetlinkSocket, { index, gateway }: Bridge): boolean {
  return usedSubnets(host, index).some((used) => used.index < index && overlap(used.subnet, gateway.subnet));
}

/**
 * Finds the bridge with its subnet, or makes it: in the configured subnet, or else in one that is free. A bridge with
 * containers on it keeps its subnet even when another is configured now.
 */
export function ensureBridge(host: NetlinkSocket, name: string, configured: string | undefined): Bridge {
  const wanted = configured === undefined ? undefined : parseGateway(configured);
  const existing = findLink(host, name);
  if (existing !== undefined) {
    const gateway = gatewayOf(host, existing.index);
    const fits = wanted === undefined || (gateway && cidrOf(gateway.subnet) === cidrOf(wanted.subnet));
    const inUse = host.dump(listLinks).some((message) => readLink(message)?.master === existing.index);
    if (gateway !== undefined && (fits || inUse)) return { index: existing.index, gateway };
    host.send(deleteLink(existing.index));
  }
  if (wanted !== undefined) return createBridge(host, name, wanted);
  for (;;) {
    const bridge = createBridge(host, name, chooseSubnet(usedSubnets(host, 0).map(({ subnet }) => subnet)));
    if (!mustGiveWay(host, bridge)) return bridge;
    host.send(deleteLink(bridge.index));
  }
}

/** Deletes the bridge and every veth that was on it. Idempotent. */
export function deleteBridge(host: NetlinkSocket, name: string): void {
  const bridge = findLink(host, name);
  if (bridge === undefined) return;
  try {
    host.send(deleteLinkGroup(GROUP_BASE + bridge.index));
  } catch (error) {
    if (!hasCode(error, "ENODEV")) throw error;
  }
  host.send(deleteLink(bridge.index));
}

/** A namespace that has nothing but its loopback interface. */
export function createBareNetns(home: OwnedFd): OwnedFd {
  return createNetns(home, () => {
    using inside = new NetlinkSocket();
    inside.send(setLink(LOOPBACK_INDEX, { up: true }));
  });
}

/** To be called before the interface is up, or it has given itself a link-local address. */
function disableIpv6(name: string): void {
  try {
    writeFileSync(`/proc/sys/net/ipv6/conf/${name}/disable_ipv6`, "1");
  } catch (error) {
    if (!hasCode(error, "ENOENT")) throw error; // A kernel without IPv6.
  }
}

/** A namespace on the bridge: eth0 with this address, everything routed to the gateway, loopback up. */
export function createBridgedNetns(
  host: NetlinkSocket,
  home: OwnedFd,
  { index, gateway }: Bridge,
  address: string,
): OwnedFd {
  const { subnet } = gateway;
  return createNetns(home, (namespace) => {
    const name = `veth${createId().slice(0, 11)}`;
    host.send(
      addVeth(
        { name, master: index, group: GROUP_BASE + index, up: true },
        { index: ETH0_INDEX, name: "eth0", mac: macOf(address), netnsFd: namespace.fd },
      ),
    );
    disableIpv6("eth0");
    using inside = new NetlinkSocket();
    inside.send(
      setLink(LOOPBACK_INDEX, { up: true }),
      addAddress({ index: ETH0_INDEX, address, prefixLength: subnet.prefixLength }, broadcastOf(subnet)),
      setLink(ETH0_INDEX, { up: true }),
      addRoute({ destination: undefined, prefixLength: 0, gateway: gateway.address, index: ETH0_INDEX }),
    );
  });
}
