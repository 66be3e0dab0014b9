/** IPv4 subnets as numbers: parsing, overlap, and the choice of one that nobody on the machine uses. Pure. */

import { invalidParameter } from "../base/errors.ts";
import { isIPv4 } from "../base/ip.ts";

export interface Subnet {
  /** The network's address as a number. */
  readonly base: number;
  readonly prefixLength: number;
}

export function toNumber(address: string): number {
  return address.split(".").reduce((sum, byte) => sum * 256 + Number(byte), 0);
}

export function toAddress(number: number): string {
  return [24, 16, 8, 0].map((shift) => (number >>> shift) & 255).join(".");
}

export const sizeOf = ({ prefixLength }: Pick<Subnet, "prefixLength">): number => 2 ** (32 - prefixLength);

export function subnetAround(address: string, prefixLength: number): Subnet {
  const number = toNumber(address);
  return { base: number - (number % sizeOf({ prefixLength })), prefixLength };
}

export const broadcastOf = (subnet: Subnet): string => toAddress(subnet.base + sizeOf(subnet) - 1);
export const cidrOf = ({ base, prefixLength }: Subnet): string => `${toAddress(base)}/${prefixLength}`;

/** A subnet and the host's own address in it. */
export interface Gateway {
  readonly subnet: Subnet;
  readonly address: string;
}

/** Reads "172.31.0.0/16", whose gateway is the first address, or "172.31.0.9/16", which names it. */
export function parseGateway(text: string): Gateway {
  const [address = "", length = ""] = text.split("/", 2);
  const prefixLength = Number(length);
  if (!isIPv4(address) || !(prefixLength >= 8 && prefixLength <= 29))
    throw invalidParameter(`invalid subnet ${text}: want a.b.c.d/8 … /29`);
  const subnet = subnetAround(address, prefixLength);
  const number = toNumber(address);
  return { subnet, address: toAddress(number === subnet.base ? number + 1 : number) };
}

export function overlap(one: Subnet, other: Subnet): boolean {
  return one.base < other.base + sizeOf(other) && other.base < one.base + sizeOf(one);
}

const range = (count: number, toSubnet: (index: number) => string): Gateway[] =>
  Array.from({ length: count }, (_, index) => parseGateway(toSubnet(index)));

/** Private ranges from the far end of those that other engines hand out first. */
const candidates = (): Gateway[] => [
  ...range(14, (index) => `172.${31 - index}.0.0/16`),
  ...range(64, (index) => `10.${191 - index}.0.0/16`),
  ...range(15, (index) => `192.168.${240 - index * 16}.0/20`),
];

/** The first candidate that overlaps nothing in use. Throws when every one does. */
export function chooseSubnet(used: readonly Subnet[]): Gateway {
  const free = candidates().find(({ subnet }) => !used.some((taken) => overlap(subnet, taken)));
  if (free === undefined) throw invalidParameter("no free private subnet on this machine: name one with bip");
  return free;
}
