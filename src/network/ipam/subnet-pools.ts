/** Where subnets come from that nobody named: a list of blocks, cut into subnets of one size. Pure. */
import { createHash } from "node:crypto";
import { type Family, lastOf, overlap, type Prefix, sizeOf, toPrefix } from "../../base/ip-prefix.ts";

/** As in Docker's "default-address-pools". */
export interface SubnetPool {
  readonly base: Prefix;
  /** The prefix length of each subnet. */
  readonly size: number;
}

const single = (cidr: string): SubnetPool => {
  const base = toPrefix(cidr);
  return { base, size: base.length };
};

const range = (count: number, toCidr: (index: number) => string): SubnetPool[] =>
  Array.from({ length: count }, (_, index) => single(toCidr(index)));

const IPV6_SUBNET = 64;

/**
 * The configured pools; of a family that has none, private ranges from the far end of those that other engines hand out first, or a
 * block of unique local IPv6 addresses (RFC 4193) that is this engine's alone.
 */
export function subnetPools(engineId: string, configured: readonly SubnetPool[]): SubnetPool[] {
  const has = (family: Family): boolean => configured.some(({ base }) => base.family === family);
  return [
    ...configured,
    ...(has(4) ? [] : privateRanges()),
    ...(has(6) ? [] : [{ base: uniqueLocal(engineId), size: IPV6_SUBNET }]),
  ];
}

const privateRanges = (): SubnetPool[] => [
  ...range(14, (index) => `172.${31 - index}.0.0/16`),
  ...range(64, (index) => `10.${191 - index}.0.0/16`),
  ...range(15, (index) => `192.168.${240 - index * 16}.0/20`),
];

function uniqueLocal(engineId: string): Prefix {
  const [a, b, c, d, e] = createHash("sha256").update(`${engineId} unique local`).digest();
  const hex = (high = 0, low = 0): string => ((high << 8) | low).toString(16);
  return toPrefix(`fd${(a ?? 0).toString(16).padStart(2, "0")}:${hex(b, c)}:${hex(d, e)}::/48`);
}

/** The first subnet of the pools that overlaps nothing in use; undefined when every one does. */
export function chooseSubnet(pools: readonly SubnetPool[], used: readonly Prefix[]): Prefix | undefined {
  for (const pool of pools) {
    const found = firstFree(pool, used);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** Steps over what is in use, not through it: a pool may have as many subnets as atoms. */
function firstFree({ base: block, size }: SubnetPool, used: readonly Prefix[]): Prefix | undefined {
  const { family } = block;
  const step = sizeOf({ family, length: size });
  for (let base = block.base; base + step - 1n <= lastOf(block); ) {
    const subnet: Prefix = { family, base, length: size };
    const obstacle = used.find((taken) => overlap(taken, subnet));
    if (obstacle === undefined) return subnet;
    const beyond = lastOf(obstacle) + 1n;
    base = ((beyond + step - 1n) / step) * step;
  }
  return undefined;
}
