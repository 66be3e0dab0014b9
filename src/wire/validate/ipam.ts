/** The subnets that a network is asked to have (moby v28 api/types/network/ipam.go, ValidateIPAM). */
import { invalidParameter } from "../../base/errors.ts";
import { contains, type Family, familyOf, overlap, type Prefix, parseCidr, toCidr } from "../../base/ip-prefix.ts";
import type { IpamConfig } from "../network.ts";
import { listProblems } from "./problems.ts";

/** Throws invalidParameter. What is wrong with an IPv6 subnet does not matter to a network without IPv6. */
export function checkIpam(config: readonly IpamConfig[], enableIPv6: boolean): void {
  const problems = config.flatMap((pool) => poolProblems(pool, enableIPv6));
  if (problems.length > 0) throw invalidParameter(`invalid network config:\n${listProblems(problems)}`);
}

function poolProblems({ Subnet, IPRange, Gateway, AuxiliaryAddresses }: IpamConfig, enableIPv6: boolean): string[] {
  const parsed = parseCidr(Subnet);
  if (parsed === undefined) return [`invalid subnet ${Subnet}: invalid CIDR block notation`];
  const { prefix } = parsed;
  if (prefix.family === 6 && !enableIPv6) return [];
  const masked = toCidr(prefix);
  const text = `${parsed.address}/${prefix.length}`;
  const addresses = [
    { what: `gateway ${Gateway}`, address: Gateway },
    ...Object.entries(AuxiliaryAddresses ?? {}).map(([name, address]) => ({
      what: `auxiliary address ${name}`,
      address,
    })),
  ];
  return [
    ...(text === masked ? [] : [`invalid subnet ${text}: it should be ${masked}`]),
    ...rangeProblems(IPRange ?? "", prefix, text),
    ...addresses.flatMap(({ what, address }) =>
      addressProblems(address ?? "", prefix, text).map((problem) => `invalid ${what}: ${problem}`),
    ),
  ];
}

function rangeProblems(range: string, subnet: Prefix, subnetText: string): string[] {
  if (range === "") return [];
  const parsed = parseCidr(range);
  if (parsed === undefined) return [`invalid ip-range ${range}: invalid CIDR block notation`];
  const { prefix } = parsed;
  if (prefix.family !== subnet.family) return [`invalid ip-range ${range}: ${parentIs(subnet.family)}`];
  const masked = toCidr(prefix);
  const text = `${parsed.address}/${prefix.length}`;
  return [
    ...(prefix.length < subnet.length
      ? [`invalid ip-range ${text}: CIDR block is bigger than its parent subnet ${subnetText}`]
      : []),
    ...(text === masked ? [] : [`invalid ip-range ${text}: it should be ${masked}`]),
    ...(overlap(subnet, prefix)
      ? []
      : [`invalid ip-range ${text}: parent subnet ${subnetText} doesn't contain ip-range`]),
  ];
}

function addressProblems(address: string, subnet: Prefix, subnetText: string): string[] {
  if (address === "") return [];
  const family = familyOf(address);
  if (family === undefined) return ["invalid address"];
  if (family !== subnet.family) return [parentIs(subnet.family)];
  return contains(subnet, address) ? [] : [`parent subnet ${subnetText} doesn't contain this address`];
}

const parentIs = (family: Family): string => `parent subnet is an IPv${family} block`;
