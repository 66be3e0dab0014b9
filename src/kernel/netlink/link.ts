/** Network interfaces in rtnetlink(7): requests that make, change and delete them, and the listing. Pure. */
import {
  attribute,
  mac,
  nested,
  readAttributes,
  readMac,
  readString,
  readU32,
  u8,
  u16,
  u32,
  zstring,
} from "./attribute.ts";
import { type Message, NLM_F, type Request } from "./message.ts";

const RTM = { NEWLINK: 16, DELLINK: 17, GETLINK: 18 } as const;
const IFLA = {
  ADDRESS: 1,
  IFNAME: 3,
  MTU: 4,
  LINK: 5,
  MASTER: 10,
  OPERSTATE: 16,
  LINKINFO: 18,
  IFALIAS: 20,
  GROUP: 27,
  NET_NS_FD: 28,
  EXT_MASK: 29,
} as const;
const IFLA_INFO = { KIND: 1, DATA: 2, SLAVE_KIND: 4, SLAVE_DATA: 5 } as const;
const BRPORT_ISOLATED = 33;
const VETH_INFO_PEER = 1;
/** Of macvlan and of ipvlan. */
const INFO_MODE = 1;
const IPVLAN_INFO_FLAGS = 2;
const VLAN_INFO_ID = 1;
const RTEXT_FILTER_SKIP_STATS = 8;
const HEADER_BYTES = 16;

const IFF_UP = 1;
const OPER_UP = 6;

/** What a new or existing interface is given. Nothing that is left out changes. */
export interface LinkSettings {
  readonly name?: string;
  /** "02:42:ac:1f:00:02" */
  readonly mac?: string;
  readonly mtu?: number;
  /** Index of the bridge it becomes a port of; 0 takes it off. */
  readonly master?: number;
  readonly group?: number;
  /** Index of the interface it lies upon, in the namespace of the socket. */
  readonly parent?: number;
  /** Words for people, shown by `ip link`. */
  readonly alias?: string;
  /** Descriptor of the network namespace it is placed in. */
  readonly netnsFd?: number;
  readonly up?: boolean;
}

/** struct ifinfomsg */
function header({ index = 0, up }: { readonly index?: number; readonly up?: boolean | undefined }): Buffer {
  const out = Buffer.alloc(HEADER_BYTES);
  out.writeInt32LE(index, 4);
  if (up !== undefined) {
    out.writeUInt32LE(up ? IFF_UP : 0, 8);
    out.writeUInt32LE(IFF_UP, 12);
  }
  return out;
}

const given = <T>(type: number, value: T | undefined, encode: (value: T) => Uint8Array): Buffer[] =>
  value === undefined ? [] : [attribute(type, encode(value))];

function settings({ name, mac: address, mtu, master, group, parent, alias, netnsFd }: LinkSettings): Buffer {
  return Buffer.concat([
    ...given(IFLA.IFNAME, name, zstring),
    ...given(IFLA.ADDRESS, address, mac),
    ...given(IFLA.MTU, mtu, u32),
    ...given(IFLA.MASTER, master, u32),
    ...given(IFLA.GROUP, group, u32),
    ...given(IFLA.LINK, parent, u32),
    ...given(IFLA.IFALIAS, alias, zstring),
    ...given(IFLA.NET_NS_FD, netnsFd, u32),
  ]);
}

function newLink(kind: string, link: LinkSettings, ...data: readonly Uint8Array[]): Request {
  const info = [
    attribute(IFLA_INFO.KIND, zstring(kind)),
    ...(data.length === 0 ? [] : [nested(IFLA_INFO.DATA, ...data)]),
  ];
  return {
    type: RTM.NEWLINK,
    flags: NLM_F.CREATE | NLM_F.EXCL,
    body: Buffer.concat([header(link), settings(link), nested(IFLA.LINKINFO, ...info)]),
    subject: `add ${kind} ${link.name ?? ""}`,
  };
}

/** Fails with EEXIST when the name is taken. */
export function addBridge(link: LinkSettings): Request {
  return newLink("bridge", link);
}

/** The other end of a veth pair. It cannot be up from the start, as its peer is not there yet. */
export interface VethPeer extends Omit<LinkSettings, "up"> {
  /** The index it will have in its namespace, where no other has it; the kernel's choice when undefined. */
  readonly index?: number;
}

/** A pair of interfaces, each end with its own settings. */
export function addVeth(link: LinkSettings, peer: VethPeer): Request {
  const { index = 0 } = peer;
  return newLink("veth", link, nested(VETH_INFO_PEER, header({ index }), settings(peer)));
}

const MACVLAN_MODES = { private: 1, vepa: 2, bridge: 4, passthru: 8 } as const;
const IPVLAN_MODES = { l2: 0, l3: 1, l3s: 2 } as const;
const IPVLAN_FLAGS = { bridge: 0, private: 1, vepa: 2 } as const;

export type MacvlanMode = keyof typeof MACVLAN_MODES;
export type IpvlanMode = keyof typeof IPVLAN_MODES;
export type IpvlanFlag = keyof typeof IPVLAN_FLAGS;

/** An interface with a hardware address of its own upon `link.parent`. */
export function addMacvlan(link: LinkSettings, mode: MacvlanMode): Request {
  return newLink("macvlan", link, attribute(INFO_MODE, u32(MACVLAN_MODES[mode])));
}

/** An interface that shares the hardware address of `link.parent`. EOPNOTSUPP when the kernel has none. */
export function addIpvlan(link: LinkSettings, mode: IpvlanMode, flag: IpvlanFlag): Request {
  const data = [attribute(INFO_MODE, u16(IPVLAN_MODES[mode])), attribute(IPVLAN_INFO_FLAGS, u16(IPVLAN_FLAGS[flag]))];
  return newLink("ipvlan", link, ...data);
}

/** The 802.1Q network `id` of `link.parent`. */
export function addVlan(link: LinkSettings, id: number): Request {
  return newLink("vlan", link, attribute(VLAN_INFO_ID, u16(id)));
}

/** An interface that leads nowhere. */
export function addDummy(link: LinkSettings): Request {
  return newLink("dummy", link);
}

export function setLink(index: number, link: LinkSettings): Request {
  return {
    type: RTM.NEWLINK,
    flags: 0,
    body: Buffer.concat([header({ index, up: link.up }), settings(link)]),
    subject: `set link ${index}`,
  };
}

/** Keeps a port of a bridge from the other isolated ones: it reaches the bridge itself only. */
export function isolatePort(index: number): Request {
  const data = nested(IFLA_INFO.SLAVE_DATA, attribute(BRPORT_ISOLATED, u8(1)));
  const info = nested(IFLA.LINKINFO, attribute(IFLA_INFO.SLAVE_KIND, zstring("bridge")), data);
  return {
    type: RTM.NEWLINK,
    flags: 0,
    body: Buffer.concat([header({ index }), info]),
    subject: `isolate port ${index}`,
  };
}

export function deleteLink(index: number): Request {
  return { type: RTM.DELLINK, flags: 0, body: header({ index }), subject: `delete link ${index}` };
}

/** Deletes every interface of a group at once, which costs hardly more than one. ENODEV when there is none. */
export function deleteLinkGroup(group: number): Request {
  const body = Buffer.concat([header({}), attribute(IFLA.GROUP, u32(group))]);
  return { type: RTM.DELLINK, flags: 0, body, subject: `delete link group ${group}` };
}

/** All interfaces, without their statistics. */
export const listLinks: Request = {
  type: RTM.GETLINK,
  flags: 0,
  body: Buffer.concat([header({}), attribute(IFLA.EXT_MASK, u32(RTEXT_FILTER_SKIP_STATS))]),
  subject: "list links",
};

/** One interface by its name or index; ENODEV when there is none. */
export function getLink(wanted: string | number): Request {
  const body =
    typeof wanted === "number"
      ? header({ index: wanted })
      : Buffer.concat([header({}), attribute(IFLA.IFNAME, zstring(wanted))]);
  return { type: RTM.GETLINK, flags: 0, body, subject: `get link ${wanted}` };
}

export interface Link {
  readonly index: number;
  readonly name: string;
  readonly up: boolean;
  /** It is up, has a carrier, and the kernel has come round to sending by it. */
  readonly sends: boolean;
  readonly mac: string | undefined;
  readonly mtu: number | undefined;
  readonly master: number | undefined;
  readonly group: number | undefined;
  /** "bridge", "veth" …; undefined for hardware and loopback. */
  readonly kind: string | undefined;
  readonly alias: string | undefined;
}

/** Undefined for a message that describes no interface. */
export function readLink({ type, body }: Message): Link | undefined {
  if (type !== RTM.NEWLINK || body.length < HEADER_BYTES) return undefined;
  const attributes = readAttributes(body.subarray(HEADER_BYTES));
  const info = attributes.get(IFLA.LINKINFO);
  return {
    index: body.readInt32LE(4),
    name: readString(attributes.get(IFLA.IFNAME)) ?? "",
    up: (body.readUInt32LE(8) & IFF_UP) !== 0,
    sends: attributes.get(IFLA.OPERSTATE)?.[0] === OPER_UP,
    mac: readMac(attributes.get(IFLA.ADDRESS)),
    mtu: readU32(attributes.get(IFLA.MTU)),
    master: readU32(attributes.get(IFLA.MASTER)),
    group: readU32(attributes.get(IFLA.GROUP)),
    kind: info && readString(readAttributes(info).get(IFLA_INFO.KIND)),
    alias: readString(attributes.get(IFLA.IFALIAS)),
  };
}
