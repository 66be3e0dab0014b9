/** How containers looked to clients of other API versions (moby api/docs/CHANGELOG.md). */
import { shortId } from "../../base/ids.ts";
import type { ContainerInspect, ContainerSummary, EndpointSettings, NetworkSettings } from "../../wire/container.ts";
import { emptyEndpoint } from "../../wire/empty.ts";
import type { Shim } from "./shim.ts";

const PREDEFINED = new Set(["bridge", "host", "none"]);

/** Since 1.52 the address of the default bridge stands in Networks only. */
const LEGACY_NETWORK_FIELDS = new Set([
  "Bridge",
  "HairpinMode",
  "LinkLocalIPv6Address",
  "LinkLocalIPv6PrefixLen",
  "SecondaryIPAddresses",
  "SecondaryIPv6Addresses",
  "EndpointID",
  "Gateway",
  "GlobalIPv6Address",
  "GlobalIPv6PrefixLen",
  "IPAddress",
  "IPPrefixLen",
  "IPv6Gateway",
  "MacAddress",
]);

export const containerInspectShims: readonly Shim<ContainerInspect>[] = [
  { from: "1.52", adapt: withoutMainAddress },
  { from: "1.52", adapt: (value) => withNetworkSettings(value, toNewSettings(value.NetworkSettings)) },
  { below: "1.52", adapt: (value) => withNetworkSettings(value, toOldSettings(value.NetworkSettings)) },
  { below: "1.45", adapt: withShortIdAliases },
];

function withoutMainAddress(value: ContainerInspect): ContainerInspect {
  const { MacAddress: _main, ...config } = value.Config;
  return { ...value, Config: config };
}

function withNetworkSettings(value: ContainerInspect, settings: NetworkSettings): ContainerInspect {
  return { ...value, NetworkSettings: settings };
}

function toNewSettings(settings: NetworkSettings): NetworkSettings {
  const { SandboxID, SandboxKey, Ports, Networks } = settings;
  const others = Object.entries(settings).filter(([key]) => !LEGACY_NETWORK_FIELDS.has(key));
  return { ...Object.fromEntries(others), SandboxID, SandboxKey, Ports, Networks };
}

function toOldSettings(settings: NetworkSettings): NetworkSettings {
  const bridge = settings.Networks["bridge"] ?? emptyEndpoint();
  return {
    Bridge: "",
    HairpinMode: false,
    LinkLocalIPv6Address: "",
    LinkLocalIPv6PrefixLen: 0,
    SecondaryIPAddresses: null,
    SecondaryIPv6Addresses: null,
    EndpointID: bridge.EndpointID,
    Gateway: bridge.Gateway,
    GlobalIPv6Address: bridge.GlobalIPv6Address,
    GlobalIPv6PrefixLen: bridge.GlobalIPv6PrefixLen,
    IPAddress: bridge.IPAddress,
    IPPrefixLen: bridge.IPPrefixLen,
    IPv6Gateway: bridge.IPv6Gateway,
    MacAddress: bridge.MacAddress,
    ...settings,
  };
}

/** Aliases on user-defined networks held the short id, which is in DNSNames now. */
function withShortIdAliases(value: ContainerInspect): ContainerInspect {
  const { NetworkSettings: settings } = value;
  const networks = Object.entries(settings.Networks).map(([name, endpoint]): [string, EndpointSettings] => {
    if (PREDEFINED.has(name)) return [name, endpoint];
    return [name, { ...endpoint, Aliases: [...new Set([...(endpoint.Aliases ?? []), shortId(value.Id)])] }];
  });
  return withNetworkSettings(value, { ...settings, Networks: Object.fromEntries(networks) });
}

export const containerListShims: readonly Shim<readonly ContainerSummary[]>[] = [
  { below: "1.52", adapt: (list) => list.map(({ Health: _health, ...summary }) => summary) },
  {
    below: "1.46",
    adapt: (list) =>
      list.map((summary) => ({ ...summary, HostConfig: { NetworkMode: summary.HostConfig.NetworkMode } })),
  },
];
