/** What requests for ports come to on one endpoint: which addresses of the host lead where. Pure. */
import { isIPv4 } from "../../base/ip.ts";
import type { PortBinding } from "../../wire/host-config.ts";
import type { GatewayMode } from "../firewall/policy.ts";
import type { PublishedPort } from "./published-port.ts";
import {
  type ContainerPort,
  containerPorts,
  exposedPorts,
  isSamePort,
  type PortRequest,
  type PortsWanted,
  portKey,
} from "./requests.ts";

/** A container's ports ("80/tcp") and where they are published; null for one that is exposed only. */
export type PortMap = Readonly<Record<string, PortBinding[] | null>>;

/** Where a container's ports lead: its endpoint on the bridge network that it reaches the world by. */
export interface PortTarget {
  readonly endpointId: string;
  readonly bridge: string;
  readonly ipv4: string | undefined;
  readonly ipv6: string | undefined;
  readonly gatewayMode: { readonly ipv4: GatewayMode; readonly ipv6: GatewayMode };
  /** The host's address for ports that name none; "0.0.0.0" means all of either family. */
  readonly hostBinding: string;
}

/** A port of a container on one or several addresses of the host, which all get the same port there. */
export interface Binding {
  readonly request: PortRequest;
  /** The host's port is 0: still to be chosen. */
  readonly held: readonly PublishedPort[];
  /** Open under the container's own address. */
  readonly routed: readonly PublishedPort[];
}

/** Requests that differ in their addresses only come one after another. */
export function toBindings(requests: readonly PortRequest[], target: PortTarget, hostHasIpv6: boolean): Binding[] {
  const bindings: { request: PortRequest; held: PublishedPort[]; routed: PublishedPort[] }[] = [];
  for (const request of requests) {
    let binding = bindings.at(-1);
    if (binding === undefined || !isSamePort(binding.request, request)) {
      binding = { request, held: [], routed: [] };
      bindings.push(binding);
    }
    for (const hostIp of hostAddresses(request.hostIp, target, hostHasIpv6)) {
      const port = toPort(request, target, hostIp);
      if (port === undefined) continue;
      if (!isRouted(port, target)) binding.held.push(port);
      else if (!binding.routed.some(({ containerIp }) => containerIp === port.containerIp)) binding.routed.push(port);
    }
  }
  return bindings;
}

/** Without an address of its own a port is on the network's; the unspecified one stands for both families. */
function hostAddresses(wanted: string, { hostBinding }: PortTarget, hostHasIpv6: boolean): readonly string[] {
  if (wanted !== "") return [wanted];
  if (hostBinding !== "0.0.0.0") return [hostBinding];
  return hostHasIpv6 ? ["0.0.0.0", "::"] : ["0.0.0.0"];
}

/** Undefined when nothing of the container can be reached from this address: an IPv4 one, and it has IPv6 only. */
function toPort(
  { protocol, containerPort }: ContainerPort,
  target: PortTarget,
  hostIp: string,
): PublishedPort | undefined {
  const containerIp = isIPv4(hostIp) ? target.ipv4 : (target.ipv6 ?? target.ipv4);
  if (containerIp === undefined) return undefined;
  const port = { hostIp, hostPort: 0, protocol, containerIp, containerPort, bridge: target.bridge };
  if (!isRouted(port, target)) return port;
  return { ...port, hostIp: isIPv4(hostIp) ? "0.0.0.0" : "::" };
}

function isRouted({ hostIp, containerIp }: PublishedPort, { gatewayMode }: PortTarget): boolean {
  if (isIPv4(hostIp) !== isIPv4(containerIp)) return false;
  return (isIPv4(hostIp) ? gatewayMode.ipv4 : gatewayMode.ipv6) === "routed";
}

/** As `inspect` shows it, in the order of the keys. */
export function toPortMap(published: readonly PublishedPort[], config: PortsWanted["config"]): PortMap {
  const map = new Map<string, PortBinding[] | null>(exposedPorts(config).map((key) => [key, null]));
  for (const port of published) {
    const shown = { HostIp: port.hostIp, HostPort: port.hostPort === 0 ? "" : String(port.hostPort) };
    map.set(portKey(port), [...(map.get(portKey(port)) ?? []), shown]);
  }
  return Object.fromEntries([...map].sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** What was published to have this map. */
export function fromPortMap(ports: PortMap, target: PortTarget): PublishedPort[] {
  return Object.entries(ports).flatMap(([key, shown]) =>
    (shown ?? []).flatMap(({ HostIp, HostPort }) => {
      const ports = containerPorts(key).flatMap((port) => toPort(port, target, HostIp) ?? []);
      return ports.map((port) => ({ ...port, hostPort: Number(HostPort) }));
    }),
  );
}
