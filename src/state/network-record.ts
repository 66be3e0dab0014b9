/** The durable record of a user-defined network. It is written before anything of the network is made, and never changes. */
import type { IpamConfig } from "../wire/network.ts";

export type NetworkDriver = "bridge" | "macvlan" | "ipvlan" | "host" | "null";

/** One subnet as it is used. */
export interface SubnetRecord {
  /** In CIDR notation. */
  readonly cidr: string;
  /** The host's or the router's address; undefined when the network has none. */
  readonly gateway: string | undefined;
  /** Where dynamic addresses come from; the whole subnet when undefined. */
  readonly range: string | undefined;
  /** Given to nobody. */
  readonly reserved: readonly string[];
  /** The user named it: fixed addresses are possible. */
  readonly configured: boolean;
}

export interface NetworkRecord {
  readonly id: string;
  readonly name: string;
  /** RFC 3339 with nanoseconds. */
  readonly createdAt: string;
  readonly driver: NetworkDriver;
  readonly enableIPv4: boolean;
  readonly enableIPv6: boolean;
  readonly ipam: {
    readonly driver: string;
    readonly options: Readonly<Record<string, string>> | null;
    /** As it was asked for or chosen: what inspect shows. */
    readonly config: readonly IpamConfig[];
  };
  /** At most one of each family. */
  readonly subnets: readonly SubnetRecord[];
  readonly internal: boolean;
  readonly attachable: boolean;
  /** Only holds settings for others to be made from. */
  readonly configOnly: boolean;
  /** The name of the network whose settings these are; "" for its own. */
  readonly configFrom: string;
  readonly options: Readonly<Record<string, string>>;
  readonly labels: Readonly<Record<string, string>>;
}
