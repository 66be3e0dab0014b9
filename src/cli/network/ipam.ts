/** From the flags of `network create` to subnets with what belongs to each (docker/cli's command/network/create.go, createIPAMConfig). */
import { contains, parseCidr } from "../../base/ip-prefix.ts";
import type { IpamConfig } from "../../wire/network.ts";
import { CommandError } from "../errors.ts";

export interface IpamFlags {
  readonly subnets: readonly string[];
  readonly ranges: readonly string[];
  readonly gateways: readonly string[];
  readonly auxiliary: Readonly<Record<string, string>>;
}

/** Throws CommandError for what belongs to no subnet, or to one that has such a thing already. */
export function ipamConfig({ subnets, ranges, gateways, auxiliary }: IpamFlags): IpamConfig[] {
  if (subnets.length < ranges.length || subnets.length < gateways.length) {
    throw new CommandError("every ip-range or gateway must have a corresponding subnet");
  }
  const configs: IpamConfig[] = [];
  for (const subnet of subnets) {
    if (configs.some(({ Subnet }) => holds(Subnet, subnet) || holds(subnet, Subnet))) {
      throw new CommandError("multiple overlapping subnet configuration is not supported");
    }
    configs.push({ Subnet: subnet });
  }
  for (const range of ranges) {
    if (parseCidr(range) === undefined) throw new CommandError(`invalid CIDR address: ${range}`);
    for (const config of matching(configs, range, "range")) {
      if (config.IPRange !== undefined) throw twice(`ranges (${range}, ${config.IPRange}) on the same subnet`, config);
      config.IPRange = range;
    }
  }
  for (const gateway of gateways) {
    for (const config of matching(configs, gateway, "gateway")) {
      if (config.Gateway !== undefined)
        throw twice(`gateways (${gateway}, ${config.Gateway}) for the same subnet`, config);
      config.Gateway = gateway;
    }
  }
  for (const [name, address] of Object.entries(auxiliary)) {
    for (const config of matching(configs, address, "aux-address")) {
      config.AuxiliaryAddresses = { ...config.AuxiliaryAddresses, [name]: address };
    }
  }
  return configs;
}

function matching(configs: readonly IpamConfig[], text: string, what: string): readonly IpamConfig[] {
  const found = configs.filter(({ Subnet }) => holds(Subnet, text));
  if (found.length === 0) throw new CommandError(`no matching subnet for ${what} ${text}`);
  return found;
}

/** Whether the address, or the first of the block, lies in the subnet. */
function holds(subnet: string, text: string): boolean {
  const prefix = parseCidr(subnet)?.prefix;
  if (prefix === undefined) throw new CommandError(`invalid subnet: invalid CIDR address: ${subnet}`);
  return contains(prefix, text.split("/", 1)[0] ?? "");
}

function twice(what: string, { Subnet }: IpamConfig): CommandError {
  return new CommandError(`cannot configure multiple ${what} (${Subnet})`);
}
