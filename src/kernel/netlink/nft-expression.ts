/**
 * What rules of nftables are made of: loads that put something of a packet into registers, matches that compare it, and
 * statements that act. Pure.
 */
import { attribute, be32, nested, zstring } from "./attribute.ts";
import { type Parts, type Verdict, value, verdict } from "./nft-data.ts";

const NFTA_LIST_ELEM = 1;
const NFTA_EXPR = { NAME: 1, DATA: 2 } as const;
const NFTA_META = { DREG: 1, KEY: 2 } as const;
const NFTA_CT = { DREG: 1, KEY: 2 } as const;
const NFTA_PAYLOAD = { DREG: 1, BASE: 2, OFFSET: 3, LEN: 4 } as const;
const NFTA_FIB = { DREG: 1, RESULT: 2, FLAGS: 3 } as const;
const NFTA_CMP = { SREG: 1, OP: 2, DATA: 3 } as const;
const NFTA_BITWISE = { SREG: 1, DREG: 2, LEN: 3, MASK: 4, XOR: 5 } as const;
const NFTA_LOOKUP = { SET: 1, SREG: 2, DREG: 3, FLAGS: 5 } as const;
const NFTA_IMMEDIATE = { DREG: 1, DATA: 2 } as const;
const NFTA_NAT = { TYPE: 1, FAMILY: 2, REG_ADDR_MIN: 3, REG_PROTO_MIN: 5 } as const;

const META = { iifname: 6, oifname: 7, nfproto: 15, l4proto: 16 } as const;
const CT = { state: 0, status: 2 } as const;
const BASE = { network: 1, transport: 2 } as const;
const FIB = { RESULT_ADDRTYPE: 3, FLAG_DADDR: 2 } as const;
const OP = { equal: 0, differs: 1 } as const;
const LOOKUP_INVERT = 1;
const NAT = { snat: 0, dnat: 1 } as const;
const NFPROTO = { ipv4: 2, ipv6: 10 } as const;

/** The verdict's register, and the first of sixteen words. */
const VERDICT_REGISTER = 0;
const FIRST_WORD = 8;

export type Expression = Buffer;

/** Something of a packet, and how many words of registers it takes. */
export interface Load {
  readonly words: number;
  readonly into: (register: number) => Expression;
}

function expression(name: string, ...data: readonly Uint8Array[]): Expression {
  return nested(NFTA_LIST_ELEM, attribute(NFTA_EXPR.NAME, zstring(name)), nested(NFTA_EXPR.DATA, ...data));
}

const meta = (key: number, words: number): Load => ({
  words,
  into: (register) =>
    expression("meta", attribute(NFTA_META.KEY, be32(key)), attribute(NFTA_META.DREG, be32(register))),
});

const ct = (key: number): Load => ({
  words: 1,
  into: (register) => expression("ct", attribute(NFTA_CT.KEY, be32(key)), attribute(NFTA_CT.DREG, be32(register))),
});

const payload = (base: number, offset: number, length: number): Load => ({
  words: Math.ceil(length / 4),
  into: (register) =>
    expression(
      "payload",
      attribute(NFTA_PAYLOAD.DREG, be32(register)),
      attribute(NFTA_PAYLOAD.BASE, be32(base)),
      attribute(NFTA_PAYLOAD.OFFSET, be32(offset)),
      attribute(NFTA_PAYLOAD.LEN, be32(length)),
    ),
});

/** Addresses and ports are read where they stand: match the family or the protocol first. */
export const load = {
  iifname: meta(META.iifname, 4),
  oifname: meta(META.oifname, 4),
  /** One of NFPROTO. */
  family: meta(META.nfproto, 1),
  /** IPPROTO_TCP and its like. */
  protocol: meta(META.l4proto, 1),
  ipv4Source: payload(BASE.network, 12, 4),
  ipv4Destination: payload(BASE.network, 16, 4),
  ipv6Source: payload(BASE.network, 8, 16),
  ipv6Destination: payload(BASE.network, 24, 16),
  sourcePort: payload(BASE.transport, 0, 2),
  destinationPort: payload(BASE.transport, 2, 2),
  /** Bits of CT_STATE. */
  ctState: ct(CT.state),
  /** Bits of CT_STATUS. */
  ctStatus: ct(CT.status),
  /** What the destination is to this host: one of RTN. */
  destinationType: {
    words: 1,
    into: (register: number): Expression =>
      expression(
        "fib",
        attribute(NFTA_FIB.FLAGS, be32(FIB.FLAG_DADDR)),
        attribute(NFTA_FIB.RESULT, be32(FIB.RESULT_ADDRTYPE)),
        attribute(NFTA_FIB.DREG, be32(register)),
      ),
  },
} as const satisfies Readonly<Record<string, Load>>;

export const CT_STATE = { invalid: 1, established: 2, related: 4, new: 8 } as const;
export const CT_STATUS = { dnat: 0x20 } as const;
export const RTN = { unicast: 1, local: 2 } as const;

/** A number as the kernel has it in a register: in the order of its own bytes. */
export function native(number: number): Buffer {
  const out = Buffer.alloc(4);
  out.writeUInt32LE(number);
  return out;
}

/** Puts each into the words after the one before. */
function loadAll(loads: readonly Load[]): Expression[] {
  let register = FIRST_WORD;
  return loads.map(({ words, into }) => {
    const loaded = into(register);
    register += words;
    return loaded;
  });
}

const compare = (op: number, bytes: Uint8Array): Expression =>
  expression(
    "cmp",
    attribute(NFTA_CMP.SREG, be32(FIRST_WORD)),
    attribute(NFTA_CMP.OP, be32(op)),
    value(NFTA_CMP.DATA, bytes),
  );

const mask = (bits: Uint8Array): Expression =>
  expression(
    "bitwise",
    attribute(NFTA_BITWISE.SREG, be32(FIRST_WORD)),
    attribute(NFTA_BITWISE.DREG, be32(FIRST_WORD)),
    attribute(NFTA_BITWISE.LEN, be32(bits.length)),
    value(NFTA_BITWISE.MASK, bits),
    value(NFTA_BITWISE.XOR, Buffer.alloc(bits.length)),
  );

/** A prefix of the loaded bytes is enough: the first byte of 127.0.0.0/8. */
export const equals = (what: Load, bytes: Uint8Array): Expression[] => [
  what.into(FIRST_WORD),
  compare(OP.equal, bytes),
];

export const differs = (what: Load, bytes: Uint8Array): Expression[] => [
  what.into(FIRST_WORD),
  compare(OP.differs, bytes),
];

/** Any of the bits, of a load of one word. */
export const hasAny = (what: Load, bits: number): Expression[] => [
  what.into(FIRST_WORD),
  mask(native(bits)),
  compare(OP.differs, native(0)),
];

export const isIpv4: readonly Expression[] = equals(load.family, Buffer.of(NFPROTO.ipv4));
export const isIpv6: readonly Expression[] = equals(load.family, Buffer.of(NFPROTO.ipv6));

const lookup = (set: string, ...more: readonly Uint8Array[]): Expression =>
  expression(
    "lookup",
    attribute(NFTA_LOOKUP.SET, zstring(set)),
    attribute(NFTA_LOOKUP.SREG, be32(FIRST_WORD)),
    ...more,
  );

export const inSet = (set: string, ...loads: readonly Load[]): Expression[] => [...loadAll(loads), lookup(set)];

export const notInSet = (set: string, ...loads: readonly Load[]): Expression[] => [
  ...loadAll(loads),
  lookup(set, attribute(NFTA_LOOKUP.FLAGS, be32(LOOKUP_INVERT))),
];

/** Acts by the verdict that a map has for this key, and goes on with the next rule when it has none. */
export const verdictOf = (map: string, ...loads: readonly Load[]): Expression[] => [
  ...loadAll(loads),
  lookup(map, attribute(NFTA_LOOKUP.DREG, be32(VERDICT_REGISTER))),
];

type NatFamily = keyof typeof NFPROTO;

/** The address is in the first words, the port in the one after them. */
const PORT_WORD = { ipv4: FIRST_WORD + 1, ipv6: FIRST_WORD + 4 } as const;

const nat = (type: number, family: NatFamily, withPort: boolean): Expression =>
  expression(
    "nat",
    attribute(NFTA_NAT.TYPE, be32(type)),
    attribute(NFTA_NAT.FAMILY, be32(NFPROTO[family])),
    attribute(NFTA_NAT.REG_ADDR_MIN, be32(FIRST_WORD)),
    ...(withPort ? [attribute(NFTA_NAT.REG_PROTO_MIN, be32(PORT_WORD[family]))] : []),
  );

const lookupInto = (map: string, loads: readonly Load[]): Expression[] => [
  ...loadAll(loads),
  lookup(map, attribute(NFTA_LOOKUP.DREG, be32(FIRST_WORD))),
];

/** A new destination, address and port, from a map; a key that it does not have goes on with the next rule. */
export const dnatBy = (family: NatFamily, map: string, ...loads: readonly Load[]): Expression[] => [
  ...lookupInto(map, loads),
  nat(NAT.dnat, family, true),
];

/** A new source address from a map; a key that it does not have goes on with the next rule. */
export const snatBy = (family: NatFamily, map: string, ...loads: readonly Load[]): Expression[] => [
  ...lookupInto(map, loads),
  nat(NAT.snat, family, false),
];

/** A fixed new destination, or source: an address, and a port if it changes too. */
export const natTo = (kind: keyof typeof NAT, family: NatFamily, [to, newPort]: Parts): Expression[] => [
  ...(to === undefined ? [] : [immediate(FIRST_WORD, to)]),
  ...(newPort === undefined ? [] : [immediate(PORT_WORD[family], newPort)]),
  nat(NAT[kind], family, newPort !== undefined),
];

const immediate = (register: number, bytes: Uint8Array): Expression =>
  expression("immediate", attribute(NFTA_IMMEDIATE.DREG, be32(register)), value(NFTA_IMMEDIATE.DATA, bytes));

/** The source becomes the address of the interface that the packet leaves by. */
export const masquerade: Expression = expression("masq");
export const counter: Expression = expression("counter");

export const goTo = (to: Verdict): Expression =>
  expression("immediate", attribute(NFTA_IMMEDIATE.DREG, be32(VERDICT_REGISTER)), verdict(NFTA_IMMEDIATE.DATA, to));
