/** IPv4 addresses and routes in rtnetlink(7): requests and listings. Pure. */
import { attribute, ipv4, readAttributes, readIpv4, readU32, u32 } from "./attribute.ts";
import { type Message, NLM_F, type Request } from "./message.ts";

const RTM = { NEWADDR: 20, GETADDR: 22, NEWROUTE: 24, GETROUTE: 26 } as const;
const IFA = { ADDRESS: 1, LOCAL: 2, BROADCAST: 4 } as const;
const RTA = { DST: 1, OIF: 4, GATEWAY: 5 } as const;

const AF_INET = 2;
const ADDRESS_HEADER_BYTES = 8;
const ROUTE_HEADER_BYTES = 12;
const RT_TABLE_MAIN = 254;
const RTPROT_BOOT = 3;
const RTN_UNICAST = 1;

export interface InterfaceAddress {
  /** Of the interface. */
  readonly index: number;
  readonly address: string;
  readonly prefixLength: number;
}

/** struct ifaddrmsg */
function addressHeader(index = 0, prefixLength = 0): Buffer {
  const out = Buffer.alloc(ADDRESS_HEADER_BYTES);
  out[0] = AF_INET;
  out[1] = prefixLength;
  out.writeUInt32LE(index, 4);
  return out;
}

/** `broadcast` is left out for point-to-point and loopback. EEXIST when the interface has the address. */
export function addAddress({ index, address, prefixLength }: InterfaceAddress, broadcast?: string): Request {
  const parts = [
    addressHeader(index, prefixLength),
    attribute(IFA.LOCAL, ipv4(address)),
    attribute(IFA.ADDRESS, ipv4(address)),
    ...(broadcast === undefined ? [] : [attribute(IFA.BROADCAST, ipv4(broadcast))]),
  ];
  return {
    type: RTM.NEWADDR,
    flags: NLM_F.CREATE | NLM_F.EXCL,
    body: Buffer.concat(parts),
    subject: `add address ${address}/${prefixLength}`,
  };
}

export const listAddresses: Request = { type: RTM.GETADDR, flags: 0, body: addressHeader(), subject: "list addresses" };

/** Undefined for a message that describes no IPv4 address. */
export function readAddress({ type, body }: Message): InterfaceAddress | undefined {
  if (type !== RTM.NEWADDR || body[0] !== AF_INET) return undefined;
  const attributes = readAttributes(body.subarray(ADDRESS_HEADER_BYTES));
  const address = readIpv4(attributes.get(IFA.LOCAL) ?? attributes.get(IFA.ADDRESS));
  return address === undefined ? undefined : { index: body.readUInt32LE(4), address, prefixLength: body.readUInt8(1) };
}

export interface Route {
  /** undefined is the default route. */
  readonly destination: string | undefined;
  readonly prefixLength: number;
  readonly gateway: string | undefined;
  /** Index of the interface. */
  readonly index: number | undefined;
}

/** struct rtmsg */
function routeHeader(prefixLength = 0): Buffer {
  const out = Buffer.alloc(ROUTE_HEADER_BYTES);
  out[0] = AF_INET;
  out[1] = prefixLength;
  out[4] = RT_TABLE_MAIN;
  out[5] = RTPROT_BOOT;
  out[7] = RTN_UNICAST;
  return out;
}

/** A route through a gateway, for everything when there is no destination. */
export function addRoute({ destination, prefixLength, gateway, index }: Route): Request {
  const parts = [
    routeHeader(prefixLength),
    ...(destination === undefined ? [] : [attribute(RTA.DST, ipv4(destination))]),
    ...(gateway === undefined ? [] : [attribute(RTA.GATEWAY, ipv4(gateway))]),
    ...(index === undefined ? [] : [attribute(RTA.OIF, u32(index))]),
  ];
  return {
    type: RTM.NEWROUTE,
    flags: NLM_F.CREATE | NLM_F.EXCL,
    body: Buffer.concat(parts),
    subject: `add route ${destination ?? "default"}/${prefixLength}`,
  };
}

export const listRoutes: Request = { type: RTM.GETROUTE, flags: 0, body: routeHeader(), subject: "list routes" };

/** Undefined for anything but an IPv4 unicast route of the main table. */
export function readRoute({ type, body }: Message): Route | undefined {
  if (type !== RTM.NEWROUTE || body[0] !== AF_INET) return undefined;
  if (body[4] !== RT_TABLE_MAIN || body[7] !== RTN_UNICAST) return undefined;
  const attributes = readAttributes(body.subarray(ROUTE_HEADER_BYTES));
  return {
    destination: readIpv4(attributes.get(RTA.DST)),
    prefixLength: body.readUInt8(1),
    gateway: readIpv4(attributes.get(RTA.GATEWAY)),
    index: readU32(attributes.get(RTA.OIF)),
  };
}
