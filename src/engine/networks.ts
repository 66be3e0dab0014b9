/** The predefined networks as the HTTP edge shows them: what their containers have, nothing that is not there. */
import { notFound } from "../base/errors.ts";
import type { NetworkFacts } from "../network/network.ts";
import { checkFilterKeys, type Filters } from "../wire/filters.ts";
import type { NetworkContainer, NetworkInspect } from "../wire/network.ts";
import type { EngineContext } from "./context.ts";

const FILTER_KEYS = ["dangling", "driver", "id", "label", "name", "scope", "type"];

/** `createdAt` is the engine's start: the predefined networks are made with it. */
export function createNetworkService(ctx: EngineContext, facts: () => readonly NetworkFacts[], createdAt: string) {
  const show = (network: NetworkFacts): NetworkInspect =>
    toInspect(network, containersOf(ctx, network.name), createdAt);
  return {
    list: (filters: Filters): NetworkInspect[] => {
      checkFilterKeys(filters, FILTER_KEYS);
      return facts()
        .filter((network) => passes(filters, network))
        .map(show);
    },
    inspect: (ref: string): NetworkInspect => {
      const exact = facts().find(({ name, id }) => name === ref || id === ref);
      const prefixed = facts().filter(({ id }) => id.startsWith(ref));
      const found = exact ?? (prefixed.length === 1 ? prefixed[0] : undefined);
      if (found === undefined) throw notFound(`network ${ref} not found`);
      return show(found);
    },
  };
}

function passes(filters: Filters, { id, name, driver }: NetworkFacts): boolean {
  const any = (key: string, test: (want: string) => boolean): boolean => {
    const wanted = filters.get(key) ?? [];
    return wanted.length === 0 || wanted.some(test);
  };
  return (
    any("name", (want) => name.includes(want)) &&
    any("id", (want) => id.startsWith(want)) &&
    any("driver", (want) => driver === want) &&
    any("scope", (want) => want === "local") &&
    any("type", (want) => want === "builtin") &&
    any("label", () => false) &&
    any("dangling", (want) => want === "false" || want === "0")
  );
}

function containersOf(ctx: EngineContext, network: string): Record<string, NetworkContainer> {
  const connected = ctx.registry.all().flatMap((container) => {
    const endpoint = container.state.endpoints[network];
    if (container.live === undefined || endpoint === undefined) return [];
    const shown: NetworkContainer = {
      Name: container.name,
      EndpointID: endpoint.EndpointID,
      MacAddress: endpoint.MacAddress,
      IPv4Address: endpoint.IPAddress === "" ? "" : `${endpoint.IPAddress}/${endpoint.IPPrefixLen}`,
      IPv6Address: "",
    };
    return [[container.id, shown] as const];
  });
  return Object.fromEntries(connected);
}

function toInspect(
  network: NetworkFacts,
  containers: Record<string, NetworkContainer>,
  createdAt: string,
): NetworkInspect {
  const { subnet, gateway } = network;
  const pool = subnet === undefined ? [] : [{ Subnet: subnet, ...(gateway === undefined ? {} : { Gateway: gateway }) }];
  return {
    Name: network.name,
    Id: network.id,
    Created: createdAt,
    Scope: "local",
    Driver: network.driver,
    EnableIPv4: true,
    EnableIPv6: false,
    IPAM: { Driver: "default", Options: null, Config: pool },
    Internal: false,
    Attachable: false,
    Ingress: false,
    ConfigFrom: { Network: "" },
    ConfigOnly: false,
    Containers: containers,
    Options: { ...network.options },
    Labels: {},
  };
}
