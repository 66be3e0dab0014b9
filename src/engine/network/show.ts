/** What GET /networks and GET /networks/{id} show: a pure view of a record, and who is on the network. */
import type { NetworkRecord } from "../../state/network-record.ts";
import type { EndpointSettings } from "../../wire/container.ts";
import type { NetworkContainer, NetworkInspect } from "../../wire/network.ts";
import type { EngineContext } from "../context.ts";

export function toNetworkInspect(
  record: NetworkRecord,
  containers: Readonly<Record<string, NetworkContainer>>,
): NetworkInspect {
  const { ipam } = record;
  return {
    Name: record.name,
    Id: record.id,
    Created: record.createdAt,
    Scope: "local",
    Driver: record.driver,
    EnableIPv4: record.enableIPv4,
    EnableIPv6: record.enableIPv6,
    IPAM: {
      Driver: ipam.driver,
      Options: ipam.options === null ? null : { ...ipam.options },
      Config: ipam.config.length === 0 ? null : ipam.config.map((config) => ({ ...config })),
    },
    Internal: record.internal,
    Attachable: record.attachable,
    Ingress: false,
    ConfigFrom: { Network: record.configFrom },
    ConfigOnly: record.configOnly,
    Containers: sorted(containers),
    Options: sorted(record.options),
    Labels: sorted(record.labels),
  };
}

/** In the order of the keys, as Go prints its maps. */
function sorted<T>(map: Readonly<Record<string, T>>): Record<string, T> {
  return Object.fromEntries(Object.entries(map).sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** The running containers that are on the network, by id. */
export function containersOf(ctx: EngineContext, { id, name }: NetworkRecord): Record<string, NetworkContainer> {
  const connected = ctx.registry.all().flatMap((container) => {
    const endpoint = container.state.endpoints[name];
    if (container.live === undefined || endpoint?.NetworkID !== id) return [];
    return [[container.id, toContainer(container.name, endpoint)] as const];
  });
  return Object.fromEntries(connected);
}

function toContainer(name: string, endpoint: EndpointSettings): NetworkContainer {
  const withPrefix = (address: string, length: number): string => (address === "" ? "" : `${address}/${length}`);
  return {
    Name: name,
    EndpointID: endpoint.EndpointID,
    MacAddress: endpoint.MacAddress,
    IPv4Address: withPrefix(endpoint.IPAddress, endpoint.IPPrefixLen),
    IPv6Address: withPrefix(endpoint.GlobalIPv6Address, endpoint.GlobalIPv6PrefixLen),
  };
}
