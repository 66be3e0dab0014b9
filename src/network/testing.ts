/** What the room's tests ask of a network: a container with nothing but a network mode. */
import type { EndpointSettings } from "../wire/container.ts";
import { emptyEndpoint, emptyHostConfig } from "../wire/empty.ts";
import type { HostConfig } from "../wire/host-config.ts";

/** A request for one network, or for those of `endpoints`, by name. */
export function on(NetworkMode: string, endpoints: Readonly<Record<string, Partial<EndpointSettings>>> = {}) {
  const settings = Object.entries(endpoints).map(([name, given]) => [name, { ...emptyEndpoint(), ...given }] as const);
  const hostConfig: HostConfig = { ...emptyHostConfig(), NetworkMode };
  return { name: "box", config: { Hostname: "" }, hostConfig, endpoints: Object.fromEntries(settings) };
}
