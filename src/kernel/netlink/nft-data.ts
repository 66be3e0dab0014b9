/** Values in nftables: what keys and mappings are made of, and verdicts. Pure. */
import { attribute, be32, ip, nested, zstring } from "./attribute.ts";

const NFTA_DATA = { VALUE: 1, VERDICT: 2 } as const;
const NFTA_VERDICT = { CODE: 1, CHAIN: 2 } as const;
const CODE = { drop: 0, accept: 1, continue: -1, jump: -3, goto: -4, return: -5 } as const;
const WORD_BYTES = 4;
const IFNAME_BYTES = 16;

/** What a part of a key or a mapping is: its length, and the number by which `nft list` knows how to print it. */
export const TYPE = {
  ipv4: { id: 7, bytes: 4 },
  ipv6: { id: 8, bytes: 16 },
  protocol: { id: 12, bytes: 1 },
  port: { id: 13, bytes: 2 },
  ifname: { id: 41, bytes: IFNAME_BYTES },
} as const;

export type DataType = (typeof TYPE)[keyof typeof TYPE];

export type Verdict =
  | { readonly to: "accept" | "drop" | "return" | "continue" }
  | { readonly to: "jump" | "goto"; readonly chain: string };

export const ACCEPT: Verdict = { to: "accept" };
export const DROP: Verdict = { to: "drop" };

/** The parts of a key or a mapping, in the order of its types. */
export type Parts = readonly Uint8Array[];

export const ifname = (name: string): Buffer => Buffer.concat([Buffer.from(name)], IFNAME_BYTES);
export const protocol = (number: number): Buffer => Buffer.of(number);
export const port = (number: number): Buffer => Buffer.of(number >> 8, number & 0xff);

/** Of either family. */
export const address: (text: string) => Buffer = ip;

/** Several parts fill words of four bytes each; one alone keeps its length. */
export function join(parts: Parts): Uint8Array {
  const [only] = parts;
  if (only !== undefined && parts.length === 1) return only;
  return Buffer.concat(parts.map((part) => Buffer.concat([part], Math.ceil(part.length / WORD_BYTES) * WORD_BYTES)));
}

/** The length of parts of these types, joined. */
export function lengthOf(types: readonly DataType[]): number {
  return join(types.map(({ bytes }) => Buffer.alloc(bytes))).length;
}

/** NFTA_DATA_VALUE, inside of an attribute of `type`. */
export const value = (type: number, bytes: Uint8Array): Buffer => nested(type, attribute(NFTA_DATA.VALUE, bytes));

/** NFTA_DATA_VERDICT, inside of an attribute of `type`. */
export function verdict(type: number, to: Verdict): Buffer {
  const chain = "chain" in to ? [attribute(NFTA_VERDICT.CHAIN, zstring(to.chain))] : [];
  return nested(type, nested(NFTA_DATA.VERDICT, attribute(NFTA_VERDICT.CODE, be32(CODE[to.to])), ...chain));
}
