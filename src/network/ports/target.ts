/** Where the published ports of a container lead: the endpoint by which it reaches the world. Pure. */
import { type Connected, gatewaysOf } from "../endpoint.ts";
import type { BridgePolicy } from "../firewall/policy.ts";
import type { PortTarget } from "./bindings.ts";

/** A connection to a network, and what the firewall knows of that. */
export interface PublishingConnection extends Connected {
  readonly policy: BridgePolicy | undefined;
  readonly hostBinding: string | undefined;
}

const ANYWHERE = "0.0.0.0";

/** Undefined when it has no way out, or none that the firewall has a part in. The other family counts where it leaves the same way. */
export function portTarget(connected: readonly PublishingConnection[]): PortTarget | undefined {
  const gateways = gatewaysOf(connected);
  const chosen = gateways.ipv4 ?? gateways.ipv6;
  if (chosen?.policy === undefined) return undefined;
  const { policy, hostBinding = ANYWHERE, endpoint } = chosen;
  return {
    endpointId: endpoint.id,
    bridge: policy.bridge,
    ipv4: gateways.ipv4 === chosen ? endpoint.lease.ipv4?.address : undefined,
    ipv6: gateways.ipv6 === chosen ? endpoint.lease.ipv6?.address : undefined,
    gatewayMode: policy.gatewayMode,
    hostBinding,
  };
}

export function isSameTarget(one: PortTarget | undefined, other: PortTarget | undefined): boolean {
  return one?.bridge === other?.bridge && one?.ipv4 === other?.ipv4 && one?.ipv6 === other?.ipv6;
}
