/** A container's connection to a network: its addresses, the interface it is to have, and what inspect shows of it. Pure. */
import { createId } from "../base/ids.ts";
import type { EndpointSettings } from "../wire/container.ts";
import { emptyEndpoint } from "../wire/empty.ts";
import type { AddressPlan, DefaultRoutePlan, DefaultRoutesPlan, InterfacePlan } from "./device/plan.ts";
import type { Device } from "./drivers/device.ts";
import { endpointOptions } from "./endpoint-options.ts";
import { macOf } from "./mac.ts";

const LINK_LOCAL_PREFIX = { ipv4: 16, ipv6: 64 } as const;

export interface LeasedAddress extends AddressPlan {
  /** The router's; undefined on a network without one. */
  readonly gateway: string | undefined;
}

/** The addresses of one endpoint. */
export interface Lease {
  readonly ipv4?: LeasedAddress;
  readonly ipv6?: LeasedAddress;
}

export interface Endpoint {
  readonly id: string;
  readonly lease: Lease;
  /** Undefined where the parent interface's is shared. */
  readonly mac: string | undefined;
  /** What was asked for. */
  readonly wanted: EndpointSettings;
}

/** A connection without an address, as the networks "host" and "none" give it. */
export function toBareEndpoint(networkId: string): EndpointSettings {
  return { ...emptyEndpoint(), NetworkID: networkId, EndpointID: createId() };
}

/** The hardware address that was asked for, or the one that goes with the address. */
export function macFor(network: string, lease: Lease, wanted: EndpointSettings): string {
  return (
    wanted.MacAddress.toLowerCase().replaceAll("-", ":") || macOf(network, lease.ipv4?.address ?? lease.ipv6?.address)
  );
}

/** What inspect shows. `names` are those that its neighbours find it by, null on the default bridge. */
export function toSettings(networkId: string, endpoint: Endpoint, names: readonly string[] | null): EndpointSettings {
  const { id, lease, mac, wanted } = endpoint;
  const { ipv4, ipv6 } = lease;
  return {
    ...wanted,
    MacAddress: mac ?? "",
    NetworkID: networkId,
    EndpointID: id,
    Gateway: ipv4?.gateway ?? "",
    IPAddress: ipv4?.address ?? "",
    IPPrefixLen: ipv4?.prefixLength ?? 0,
    IPv6Gateway: ipv6?.gateway ?? "",
    GlobalIPv6Address: ipv6?.address ?? "",
    GlobalIPv6PrefixLen: ipv6?.prefixLength ?? 0,
    DNSNames: names === null ? null : [...names],
  };
}

/** The lease that settings tell of, as they stand in the record of a running container. */
export function leaseOf(settings: EndpointSettings): Lease {
  const leased = (address: string, prefixLength: number, gateway: string): LeasedAddress => ({
    address,
    prefixLength,
    gateway: gateway || undefined,
  });
  const { IPAddress, IPPrefixLen, Gateway, GlobalIPv6Address, GlobalIPv6PrefixLen, IPv6Gateway } = settings;
  return {
    ...(IPAddress === "" ? {} : { ipv4: leased(IPAddress, IPPrefixLen, Gateway) }),
    ...(GlobalIPv6Address === "" ? {} : { ipv6: leased(GlobalIPv6Address, GlobalIPv6PrefixLen, IPv6Gateway) }),
  };
}

/** Throws invalidParameter for options that make no sense. */
export function toInterface(endpoint: Endpoint, device: Device): InterfacePlan {
  const { id, lease, mac, wanted } = endpoint;
  const { name, sysctls, sends, receives } = endpointOptions(wanted.DriverOpts);
  const { mtu, prefix } = device.interfaces;
  const linkLocal = (wanted.IPAMConfig?.LinkLocalIPs ?? []).map((address) => ({
    address,
    prefixLength: address.includes(":") ? LINK_LOCAL_PREFIX.ipv6 : LINK_LOCAL_PREFIX.ipv4,
  }));
  return {
    link: device.link(id),
    name: name === undefined ? { prefix } : { whole: name },
    mac,
    mtu,
    addresses: [lease.ipv4, lease.ipv6, ...linkLocal].flatMap((address) => (address === undefined ? [] : [address])),
    ipv6: lease.ipv6 !== undefined,
    announces: wanted.MacAddress !== "",
    sysctls,
    sends,
    receives,
  };
}

/** As far as the choice of the way out needs to know one of a container's connections. */
export interface Connected {
  readonly network: string;
  readonly internal: boolean;
  readonly routed: boolean;
  readonly endpoint: Endpoint;
}

/** Docker's order: priority, then no internal network, then one that leads out for both families, then the name. */
export function byPrecedence(one: Connected, other: Connected): number {
  const reach = ({ endpoint: { lease } }: Connected): number => (lease.ipv4?.gateway && lease.ipv6?.gateway ? 0 : 1);
  return (
    other.endpoint.wanted.GwPriority - one.endpoint.wanted.GwPriority ||
    Number(one.internal) - Number(other.internal) ||
    reach(one) - reach(other) ||
    (one.network < other.network ? -1 : 1)
  );
}

/** The connections by which everything leaves that has no other way, one of each family. */
export function gatewaysOf<C extends Connected>(connected: readonly C[]): { readonly ipv4?: C; readonly ipv6?: C } {
  const inOrder = [...connected].sort(byPrecedence);
  const leads = (family: "ipv4" | "ipv6") =>
    inOrder.find((one) => {
      const leased = one.endpoint.lease[family];
      return leased !== undefined && !one.internal && (leased.gateway !== undefined || one.routed);
    });
  const [ipv4, ipv6] = [leads("ipv4"), leads("ipv6")];
  return { ...(ipv4 === undefined ? {} : { ipv4 }), ...(ipv6 === undefined ? {} : { ipv6 }) };
}

export function toRoutes(connected: readonly Connected[]): DefaultRoutesPlan {
  const { ipv4, ipv6 } = gatewaysOf(connected);
  return {
    ...(ipv4?.endpoint.lease.ipv4 === undefined ? {} : { ipv4: toRoute(ipv4.endpoint.lease.ipv4) }),
    ...(ipv6?.endpoint.lease.ipv6 === undefined ? {} : { ipv6: toRoute(ipv6.endpoint.lease.ipv6) }),
  };
}

const toRoute = ({ address, gateway }: LeasedAddress): DefaultRoutePlan =>
  gateway === undefined ? { through: address } : { gateway };
