/** IP addresses and routes of both families in rtnetlink(7): requests and listings. Pure. */
import { attribute, ip, readAttributes, readIp, readU32, u32 } from "./attribute.ts";
import { type Message, NLM_F, type Request } from "./message.ts";

const RTM = { NEWADDR: 20, DELADDR: 21, GETADDR: 22, NEWROUTE: 24, DELROUTE: 25, GETROUTE: 26 } as const;
const IFA = { ADDRESS: 1, LOCAL: 2, BROADCAST: 4 } as const;
const RTA = { DST: 1, OIF: 4, GATEWAY: 5 } as const;

const AF = { UNSPEC: 0, INET: 2, INET6: 10 } as const;
const ADDRESS_HEADER_BYTES = 8;
const ROUTE_HEADER_BYTES = 12;
/** No duplicate address detection: nobody waits a second for an address that was given by us. */
const IFA_F_NODAD = 2;
const RT_TABLE_MAIN = 254;
const RTPROT_BOOT = 3;
const RT_SCOPE_LINK = 253;
const RTN_UNICAST = 1;

const familyOf = (address: string): number => (address.includes(":") ? AF.INET6 : AF.INET);
const isKnown = (family: number | undefined): boolean => family === AF.INET || family === AF.INET6;

export interface InterfaceAddress {
  /** Of the interface. */
  readonly index: number;
  readonly address: string;
  readonly prefixLength: number;
}

/** struct ifaddrmsg */
function addressHeader(family: number, index = 0, prefixLength = 0): Buffer {
  const out = Buffer.alloc(ADDRESS_HEADER_BYTES);
  out[0] = family;
  out[1] = prefixLength;
  if (family === AF.INET6) out[2] = IFA_F_NODAD;
  out.writeUInt32LE(index, 4);
  return out;
}

/** `broadcast` is left out for IPv6, point-to-point and loopback. EEXIST when the interface has the address. */
export function addAddress({ index, address, prefixLength }: InterfaceAddress, broadcast?: string): Request {
  const parts = [
    addressHeader(familyOf(address), index, prefixLength),
    attribute(IFA.LOCAL, ip(address)),
    attribute(IFA.ADDRESS, ip(address)),
    ...(broadcast === undefined ? [] : [attribute(IFA.BROADCAST, ip(broadcast))]),
  ];
  return {
    type: RTM.NEWADDR,
    flags: NLM_F.CREATE | NLM_F.EXCL,
    body: Buffer.concat(parts),
    subject: `add address ${address}/${prefixLength}`,
  };
}

/** EADDRNOTAVAIL when the interface does not have it. */
export function deleteAddress({ index, address, prefixLength }: InterfaceAddress): Request {
  const parts = [addressHeader(familyOf(address), index, prefixLength), attribute(IFA.LOCAL, ip(address))];
  return {
    type: RTM.DELADDR,
    flags: 0,
    body: Buffer.concat(parts),
    subject: `delete address ${address}/${prefixLength}`,
  };
}

/** Of both families. */
export const listAddresses: Request = {
  type: RTM.GETADDR,
  flags: 0,
  body: addressHeader(AF.UNSPEC),
  subject: "list addresses",
};

/** Undefined for a message that describes no IP address. */
export function readAddress({ type, body }: Message): InterfaceAddress | undefined {
  if (type !== RTM.NEWADDR || body.length < ADDRESS_HEADER_BYTES || !isKnown(body[0])) return undefined;
  const attributes = readAttributes(body.subarray(ADDRESS_HEADER_BYTES));
  const address = readIp(attributes.get(IFA.LOCAL) ?? attributes.get(IFA.ADDRESS));
  return address === undefined ? undefined : { index: body.readUInt32LE(4), address, prefixLength: body.readUInt8(1) };
}

export interface Route {
  /** undefined is the default route. */
  readonly destination: string | undefined;
  readonly prefixLength: number;
  readonly gateway: string | undefined;
  /** Index of the interface; the kernel finds it by the gateway when undefined. */
  readonly index: number | undefined;
}

/** struct rtmsg */
function routeHeader(family: number, prefixLength = 0, onLink = false): Buffer {
  const out = Buffer.alloc(ROUTE_HEADER_BYTES);
  out[0] = family;
  out[1] = prefixLength;
  out[4] = RT_TABLE_MAIN;
  out[5] = RTPROT_BOOT;
  if (onLink && family === AF.INET) out[6] = RT_SCOPE_LINK;
  out[7] = RTN_UNICAST;
  return out;
}

function routeRequest(family: number, { destination, prefixLength, gateway, index }: Route): Pick<Request, "body"> {
  const parts = [
    routeHeader(family, prefixLength, gateway === undefined),
    ...(destination === undefined ? [] : [attribute(RTA.DST, ip(destination))]),
    ...(gateway === undefined ? [] : [attribute(RTA.GATEWAY, ip(gateway))]),
    ...(index === undefined ? [] : [attribute(RTA.OIF, u32(index))]),
  ];
  return { body: Buffer.concat(parts) };
}

/** Which way everything goes that has no other: through a gateway, an interface, or both. */
export type DefaultRoute = Pick<Route, "gateway" | "index">;

/** Puts it in the place of what there was. */
export function setDefaultRoute(family: 4 | 6, route: DefaultRoute): Request {
  const whole = { destination: undefined, prefixLength: 0, ...route };
  return {
    type: RTM.NEWROUTE,
    flags: NLM_F.CREATE | NLM_F.REPLACE,
    ...routeRequest(family === 6 ? AF.INET6 : AF.INET, whole),
    subject: `set default route${route.gateway === undefined ? "" : ` via ${route.gateway}`}`,
  };
}

/** ESRCH when there is none. */
export function deleteDefaultRoute(family: 4 | 6): Request {
  const nothing = { destination: undefined, prefixLength: 0, gateway: undefined, index: undefined };
  const request = routeRequest(family === 6 ? AF.INET6 : AF.INET, nothing);
  // Of whatever scope it is.
  request.body[6] = RT_SCOPE_NOWHERE;
  return { type: RTM.DELROUTE, flags: 0, ...request, subject: `delete default route of IPv${family}` };
}

const RT_SCOPE_NOWHERE = 255;

/** Of both families. */
export const listRoutes: Request = {
  type: RTM.GETROUTE,
  flags: 0,
  body: routeHeader(AF.UNSPEC),
  subject: "list routes",
};

/** Undefined for anything but a unicast IP route of the main table. */
export function readRoute({ type, body }: Message): Route | undefined {
  if (type !== RTM.NEWROUTE || body.length < ROUTE_HEADER_BYTES || !isKnown(body[0])) return undefined;
  if (body[4] !== RT_TABLE_MAIN || body[7] !== RTN_UNICAST) return undefined;
  const attributes = readAttributes(body.subarray(ROUTE_HEADER_BYTES));
  return {
    destination: readIp(attributes.get(RTA.DST)),
    prefixLength: body.readUInt8(1),
    gateway: readIp(attributes.get(RTA.GATEWAY)),
    index: readU32(attributes.get(RTA.OIF)),
  };
}
