/** What a bridge network asks of the firewall. */

/** Docker's `gateway_mode`: how the world beyond the host and the containers of a network see each other. */
export type GatewayMode =
  /** Behind the host's address; reached by published ports only. */
  | "nat"
  /** Behind the host's address; whoever knows a way to the containers reaches all of their ports. */
  | "nat-unprotected"
  /** Under their own addresses; the published ports are reached there, and none of the host's. */
  | "routed";

export interface BridgePolicy {
  /** The interface's name. */
  readonly bridge: string;
  /** "172.31.0.0/16", "fd00::/64" */
  readonly subnets: readonly string[];
  /** Nothing in, nothing out. */
  readonly internal: boolean;
  /** Its containers reach each other. */
  readonly icc: boolean;
  /** What leaves does so under the host's address; in the gateway modes with NAT. */
  readonly masquerade: boolean;
  readonly gatewayMode: { readonly ipv4: GatewayMode; readonly ipv6: GatewayMode };
  /** The host's address to leave under, when not that of the interface it leaves by (`host_ipv4`, `host_ipv6`). */
  readonly sourceAddress?: { readonly ipv4?: string; readonly ipv6?: string };
}
