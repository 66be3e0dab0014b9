/** What inspect shows of the networks of a container that does not run: their names, without addresses. */
import type { EndpointSettings } from "../../wire/container.ts";
import { emptyEndpoint } from "../../wire/empty.ts";
import { joinedContainer } from "../network-mode.ts";

type Endpoints = Readonly<Record<string, EndpointSettings>>;

const UNADDRESSED = {
  EndpointID: "",
  Gateway: "",
  IPAddress: "",
  IPPrefixLen: 0,
  MacAddress: "",
  IPv6Gateway: "",
  GlobalIPv6Address: "",
  GlobalIPv6PrefixLen: 0,
} as const;

/** Of a container that has not run yet. */
export function plannedEndpoints(networkMode: string): Endpoints {
  if (joinedContainer(networkMode) !== undefined) return {};
  return { [networkMode]: emptyEndpoint() };
}

/** Of a container whose run has ended. */
export function unaddressed(endpoints: Endpoints): Endpoints {
  return Object.fromEntries(
    Object.entries(endpoints).map(([name, endpoint]) => [name, { ...endpoint, ...UNADDRESSED }]),
  );
}
