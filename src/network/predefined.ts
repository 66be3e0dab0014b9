/** The three networks that are always there. Their ids are the same for one engine for ever, and no other engine's. Pure. */
import { createHash } from "node:crypto";
import type { NetworkRecord, SubnetRecord } from "../state/network-record.ts";
import { OPTION, type Options } from "./drivers/options.ts";

/** The default bridge as it is configured. */
export interface DefaultBridge {
  /** At most 15 bytes; no other engine's. */
  readonly name: string;
  /** "172.31.0.0/16", or "172.31.0.1/16" to name the gateway; a free one is chosen when undefined. */
  readonly subnet: string | undefined;
  /** "fd00::/64" as `subnet`; undefined with `ipv6` is one that is chosen. */
  readonly subnetV6: string | undefined;
  /** Where its IPv4 addresses come from; the whole subnet when undefined ("fixed-cidr"). */
  readonly range: string | undefined;
  readonly ipv6: boolean;
  /** Driver options such as the MTU, by their names. */
  readonly options: Options;
}

function networkIdOf(engineId: string, name: string): string {
  return createHash("sha256").update(`${engineId} network ${name}`).digest("hex");
}

/** A network of the engine's own, without subnets. */
export function predefinedNetwork(
  engineId: string,
  name: "bridge" | "host" | "none",
  createdAt: string,
): NetworkRecord {
  return {
    id: networkIdOf(engineId, name),
    name,
    createdAt,
    driver: name === "none" ? "null" : name,
    enableIPv4: true,
    enableIPv6: false,
    ipam: { driver: "default", options: null, config: [] },
    subnets: [],
    internal: false,
    attachable: false,
    configOnly: false,
    configFrom: "",
    options: {},
    labels: {},
  };
}

/** The default bridge network, once its subnets are known. */
export function defaultNetwork(
  base: NetworkRecord,
  { name, ipv6, options }: DefaultBridge,
  subnets: readonly SubnetRecord[],
): NetworkRecord {
  return {
    ...base,
    enableIPv6: ipv6,
    ipam: {
      ...base.ipam,
      config: subnets.map(({ cidr, range, gateway }) => ({
        Subnet: cidr,
        ...(range === undefined ? {} : { IPRange: range }),
        ...(gateway === undefined ? {} : { Gateway: gateway }),
      })),
    },
    subnets,
    options: {
      [OPTION.defaultBridge]: "true",
      [OPTION.icc]: "true",
      [OPTION.masquerade]: "true",
      [OPTION.hostBinding]: "0.0.0.0",
      [OPTION.mtu]: "1500",
      ...options,
      [OPTION.bridgeName]: name,
    },
  };
}
