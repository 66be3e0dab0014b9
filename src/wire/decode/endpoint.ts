/** Decodes how a container is to be connected to a network. */
import type { EndpointIpamConfig, EndpointSettings } from "../container.ts";
import { emptyEndpoint } from "../empty.ts";
import { type Decoder, int, string, stringMap, strings, struct } from "./primitives.ts";

export const endpointSettings: Decoder<EndpointSettings> = struct("network.EndpointSettings", emptyEndpoint, {
  IPAMConfig: struct("network.EndpointIPAMConfig", (): EndpointIpamConfig => ({}), {
    IPv4Address: string,
    IPv6Address: string,
    LinkLocalIPs: strings,
  }),
  Links: strings,
  Aliases: strings,
  MacAddress: string,
  DriverOpts: stringMap,
  GwPriority: int,
  NetworkID: string,
  EndpointID: string,
  Gateway: string,
  IPAddress: string,
  IPPrefixLen: int,
  IPv6Gateway: string,
  GlobalIPv6Address: string,
  GlobalIPv6PrefixLen: int,
  DNSNames: strings,
});
