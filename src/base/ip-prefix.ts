/** Addresses and prefixes of both families as big integers, and their canonical texts (RFC 5952 for IPv6). Pure. */
import { isIPv4, isIPv6 } from "./ip.ts";

export type Family = 4 | 6;

/** A block of addresses. `base` has no bits beyond the prefix. */
export interface Prefix {
  readonly family: Family;
  readonly base: bigint;
  readonly length: number;
}

const BITS: Readonly<Record<Family, number>> = { 4: 32, 6: 128 };
const IPV6_GROUPS = 8;

/** Undefined for anything but an address. */
export function familyOf(address: string): Family | undefined {
  if (isIPv4(address)) return 4;
  return isIPv6(address) ? 6 : undefined;
}

/** The number of a valid address. */
export function toValue(address: string): bigint {
  return address.includes(":") ? ipv6Value(address) : BigInt(ipv4Value(address));
}

function ipv4Value(address: string): number {
  return address.split(".").reduce((sum, byte) => sum * 256 + Number(byte), 0);
}

function ipv6Value(address: string): bigint {
  const [head = "", tail] = address.split("::");
  const before = groupsOf(head);
  const after = groupsOf(tail ?? "");
  const zeros = Array.from({ length: IPV6_GROUPS - before.length - after.length }, () => 0);
  return [...before, ...zeros, ...after].reduce((sum, group) => (sum << 16n) | BigInt(group), 0n);
}

/** An IPv4 tail counts as two groups. */
function groupsOf(run: string): number[] {
  if (run === "") return [];
  return run.split(":").flatMap((part) => {
    if (!part.includes(".")) return [Number.parseInt(part, 16)];
    const value = ipv4Value(part);
    return [Math.floor(value / 0x10000), value % 0x10000];
  });
}

export function toAddress(family: Family, value: bigint): string {
  return family === 4 ? ipv4Text(Number(value)) : ipv6Text(value);
}

const ipv4Text = (value: number): string => [24, 16, 8, 0].map((shift) => (value >>> shift) & 255).join(".");

/** The longest run of two or more zero groups, the first of several, is left out. */
function ipv6Text(value: bigint): string {
  const groups = Array.from({ length: IPV6_GROUPS }, (_, index) => {
    return ((value >> BigInt(16 * (IPV6_GROUPS - 1 - index))) & 0xffffn).toString(16);
  });
  const [longest = ""] = (
    groups
      .map((group) => (group === "0" ? "0" : "x"))
      .join("")
      .match(/0{2,}/g) ?? []
  ).sort((a, b) => b.length - a.length);
  if (longest === "") return groups.join(":");
  const at = groups
    .map((group) => (group === "0" ? "0" : "x"))
    .join("")
    .indexOf(longest);
  return `${groups.slice(0, at).join(":")}::${groups.slice(at + longest.length).join(":")}`;
}

/** The address in its shortest spelling. */
export function canonical(address: string): string {
  return toAddress(address.includes(":") ? 6 : 4, toValue(address));
}

export const sizeOf = ({ family, length }: Omit<Prefix, "base">): bigint => 1n << BigInt(BITS[family] - length);
export const lastOf = (prefix: Prefix): bigint => prefix.base + sizeOf(prefix) - 1n;
export const toCidr = ({ family, base, length }: Prefix): string => `${toAddress(family, base)}/${length}`;

/** The prefix of this length that the address lies in. */
export function prefixAround(address: string, length: number): Prefix {
  const family = address.includes(":") ? 6 : 4;
  const value = toValue(address);
  return { family, base: value - (value % sizeOf({ family, length })), length };
}

/** "10.0.0.7/8" as its prefix and the address that stands in front; undefined for anything that is no CIDR notation. */
export function parseCidr(text: string): { readonly prefix: Prefix; readonly address: string } | undefined {
  const slash = text.indexOf("/");
  const [address, digits] = [text.slice(0, slash), text.slice(slash + 1)];
  const family = slash < 0 ? undefined : familyOf(address);
  if (family === undefined || !/^(?:0|[1-9]\d{0,2})$/.test(digits)) return undefined;
  const length = Number(digits);
  return length > BITS[family] ? undefined : { prefix: prefixAround(address, length), address: canonical(address) };
}

/** Of a text that was checked before, such as one of our own records. Throws a RangeError for any other. */
export function toPrefix(cidr: string): Prefix {
  const parsed = parseCidr(cidr);
  if (parsed === undefined) throw new RangeError(`${cidr} is no prefix`);
  return parsed.prefix;
}

export function contains(prefix: Prefix, address: string): boolean {
  if (familyOf(address) !== prefix.family) return false;
  const value = toValue(address);
  return value >= prefix.base && value <= lastOf(prefix);
}

export function overlap(one: Prefix, other: Prefix): boolean {
  return one.family === other.family && one.base <= lastOf(other) && other.base <= lastOf(one);
}

/** The last address of an IPv4 prefix that has room for one; IPv6 knows no broadcast. */
export function broadcastOf(prefix: Prefix): string | undefined {
  return prefix.family === 4 && prefix.length < 31 ? toAddress(4, lastOf(prefix)) : undefined;
}
