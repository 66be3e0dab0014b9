/** What a network has on this host, whichever its driver. */
import type { InterfacePlan, LinkPlan } from "../device/plan.ts";
import type { BridgePolicy } from "../firewall/policy.ts";

export interface Device {
  /** Makes or finds what the network needs on this host. Idempotent. */
  open(): Promise<void>;
  /** Takes away what open() has made. Idempotent. */
  close(): Promise<void>;
  /** How an endpoint is joined to it; only while it is open. */
  link(endpointId: string): LinkPlan;
  /** What all its interfaces have in common. */
  readonly interfaces: Pick<InterfacePlan, "mtu"> & { readonly prefix: string };
  /** Its endpoints have one hardware address, the parent's. */
  readonly sharesMac: boolean;
  /** Its endpoints reach everything through their interface, and know of no router. */
  readonly routed: boolean;
  /** Undefined where the firewall has nothing to do with it. */
  readonly policy: BridgePolicy | undefined;
  /** The host's address that ports are published on when none is named; undefined is every one. */
  readonly hostBinding: string | undefined;
}
