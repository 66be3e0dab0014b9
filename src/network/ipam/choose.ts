/** Gives a new network its subnets: those it asks for, and chosen ones of the families it asks nothing for. Pure. */
import { type EngineError, forbidden, invalidParameter, systemError } from "../../base/errors.ts";
import { type Family, overlap, type Prefix, toAddress, toCidr, toPrefix } from "../../base/ip-prefix.ts";
import type { NetworkRecord, SubnetRecord } from "../../state/network-record.ts";
import type { IpamConfig } from "../../wire/network.ts";
import type { UsedSubnet } from "../device/plan.ts";
import { AddressPool } from "./address-pool.ts";
import { chooseSubnet, type SubnetPool } from "./subnet-pools.ts";

export interface Choice {
  readonly subnets: readonly SubnetRecord[];
  /** What inspect shows. */
  readonly config: readonly IpamConfig[];
  /** One of them was not asked for, and could be another. */
  readonly chosen: boolean;
}

export interface ChoiceOptions {
  readonly wanted: readonly IpamConfig[];
  readonly pools: readonly SubnetPool[];
  /** Of the engine's other networks, in CIDR notation. */
  readonly ours: readonly string[];
  /** Of the machine. */
  readonly used: readonly UsedSubnet[];
  /** Whether the machine itself gets a route to it: a macvlan's subnet is that of the network that the machine is on already. */
  readonly routed: boolean;
  /** Whether an address is kept for a router. */
  readonly hasGateway: (family: Family) => boolean;
}

/** Throws when a subnet overlaps another, when all are used up, or when an address cannot be kept. */
export function chooseSubnets(
  { enableIPv4, enableIPv6 }: Pick<NetworkRecord, "enableIPv4" | "enableIPv6">,
  options: ChoiceOptions,
): Choice {
  const enabled = ([4, 6] as const).filter((family) => (family === 4 ? enableIPv4 : enableIPv6));
  const asked = options.wanted.map((config) => ({ config, prefix: toPrefix(config.Subnet) }));
  const shown = ([4, 6] as const).flatMap((family) => asked.filter(({ prefix }) => prefix.family === family));
  const configured = shown
    .filter(({ prefix }) => enabled.includes(prefix.family))
    .map(({ config, prefix }) => configuredSubnet(config, prefix, options));
  const lacking = enabled.filter((family) => !asked.some(({ prefix }) => prefix.family === family));
  const chosen = lacking.map((family) => automaticSubnet(family, options));
  return {
    subnets: [...configured, ...chosen],
    config: [
      ...shown.map(({ config }) => config),
      ...chosen.map(({ cidr, gateway }) => ({ Subnet: cidr, ...(gateway === undefined ? {} : { Gateway: gateway }) })),
    ],
    chosen: chosen.length > 0,
  };
}

function automaticSubnet(family: Family, { pools, ours, used, hasGateway }: ChoiceOptions): SubnetRecord {
  const taken = [...ours, ...used.map(({ cidr }) => cidr)].map(toPrefix);
  const subnet = chooseSubnet(
    pools.filter(({ base }) => base.family === family),
    taken,
  );
  if (subnet === undefined) throw invalidParameter("all predefined address pools have been fully subnetted");
  const gateway = hasGateway(family) ? toAddress(family, subnet.base + 1n) : undefined;
  return { cidr: toCidr(subnet), gateway, range: undefined, reserved: [], configured: false };
}

function configuredSubnet(config: IpamConfig, subnet: Prefix, options: ChoiceOptions): SubnetRecord {
  if (isTaken(subnet, options)) {
    throw forbidden("invalid pool request: Pool overlaps with other one on this address space");
  }
  const range = config.IPRange ? toPrefix(config.IPRange) : undefined;
  const pool = new AddressPool({ subnet, range, reserved: [], rests: false });
  const gateway = options.hasGateway(subnet.family) ? takeGateway(pool, config.Gateway) : undefined;
  for (const [name, address] of Object.entries(config.AuxiliaryAddresses ?? {})) {
    if (!pool.takeThis(address)) throw inUse(`failed to allocate secondary ip address (${name}:${address})`);
  }
  return {
    cidr: toCidr(subnet),
    gateway,
    range: range && toCidr(range),
    reserved: Object.values(config.AuxiliaryAddresses ?? {}),
    configured: true,
  };
}

function takeGateway(pool: AddressPool, wanted: string | undefined): string | undefined {
  if (!wanted) return pool.take();
  if (!pool.takeThis(wanted)) throw inUse(`failed to allocate gateway (${wanted})`);
  return wanted;
}

const inUse = (what: string): EngineError => systemError(`${what}: Address already in use`);

/**
 * A subnet of ours, or the machine's: one that an interface has, or to which a route leads that is at least as particular. To
 * take a part out of what a wider route leads to is the user's good right.
 */
function isTaken(subnet: Prefix, { ours, used, routed }: ChoiceOptions): boolean {
  if (ours.map(toPrefix).some((other) => overlap(other, subnet))) return true;
  return (
    routed &&
    used.some(({ cidr, ofInterface }) => {
      const other = toPrefix(cidr);
      return overlap(other, subnet) && (ofInterface || other.length >= subnet.length);
    })
  );
}
