/** What the worker thread is asked to make of interfaces, as plain data that passes between threads. */
import type { IpvlanFlag, IpvlanMode, MacvlanMode } from "../../kernel/netlink/link.ts";
import type { RateLimit } from "../../kernel/netlink/qdisc.ts";

export interface AddressPlan {
  readonly address: string;
  readonly prefixLength: number;
}

/** A subnet that this machine uses. */
export interface UsedSubnet {
  readonly cidr: string;
  /** An interface has an address in it; otherwise only a route leads there. */
  readonly ofInterface: boolean;
}

/** A bridge of this host, as it is to be. */
export interface BridgePlan {
  readonly name: string;
  /** Words for people, shown by `ip link`. */
  readonly alias: string;
  readonly mac: string;
  readonly mtu: number | undefined;
  readonly addresses: readonly AddressPlan[];
  readonly ipv6: boolean;
  /** Its subnets were chosen, not asked for: it gives way to an older interface with the same. */
  readonly yields: boolean;
}

/** A bridge that is there. */
export interface FoundBridge {
  readonly index: number;
  /** Those of its interface that are not link-local. */
  readonly addresses: readonly AddressPlan[];
  /** Something hangs on it. */
  readonly inUse: boolean;
}

/** The interface that a macvlan or ipvlan network lies upon. */
export interface ParentPlan {
  /** "eth0", "eth0.10", or a name of our own when the network leads nowhere. */
  readonly name: string;
  /** Words for people, by which those that we made are known as well. */
  readonly alias: string;
  /** It is one that leads nowhere, to be made when missing. */
  readonly dummy: boolean;
}

/** How an interface of a container is joined to the world. */
export type LinkPlan =
  | {
      readonly kind: "bridge";
      /** Its index. */
      readonly bridge: number;
      /** Of the host's end. */
      readonly hostName: string;
      /** Reaches the host, but no other port of the bridge. */
      readonly isolated: boolean;
    }
  | { readonly kind: "macvlan"; readonly parent: number; readonly mode: MacvlanMode }
  | { readonly kind: "ipvlan"; readonly parent: number; readonly mode: IpvlanMode; readonly flag: IpvlanFlag };

/** One interface of a container. */
export interface InterfacePlan {
  readonly link: LinkPlan;
  /** A whole name, or one that the lowest free number completes. */
  readonly name: { readonly whole: string } | { readonly prefix: string };
  /** Undefined where the parent's is shared. */
  readonly mac: string | undefined;
  readonly mtu: number | undefined;
  readonly addresses: readonly AddressPlan[];
  readonly ipv6: boolean;
  /** Tells the neighbours of its hardware address, which someone else's may have been before. */
  readonly announces: boolean;
  /** "ipv4/conf/IFNAME/forwarding" and what to write there. */
  readonly sysctls: Readonly<Record<string, string>>;
  readonly sends: RateLimit | undefined;
  readonly receives: RateLimit | undefined;
}

/** By which way everything goes that has no other: a router, or an interface found by an address of its own. */
export type DefaultRoutePlan = { readonly gateway: string } | { readonly through: string };

/** Of each family; none when undefined. */
export interface DefaultRoutesPlan {
  readonly ipv4?: DefaultRoutePlan;
  readonly ipv6?: DefaultRoutePlan;
}

/** A namespace as it is to be. */
export interface NamespacePlan {
  /** In the order in which they get their numbers. */
  readonly interfaces: readonly InterfacePlan[];
  readonly routes: DefaultRoutesPlan;
}

/** A change to the namespace of a running container. */
export interface NamespaceChange {
  readonly add?: InterfacePlan;
  /** The interface that has this address goes. */
  readonly remove?: string;
  /** Every default route as it is afterwards. */
  readonly routes: DefaultRoutesPlan;
}
