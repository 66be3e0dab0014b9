/** Tracked connections in nfnetlink: listing those of one port, and deleting them. After linux/netfilter/nfnetlink_conntrack.h. Pure. */
import { attribute, nested, readAttributes } from "./attribute.ts";
import type { Message, Request } from "./message.ts";

const SUBSYSTEM = 1;
const MSG = { NEW: 0, GET: 1, DELETE: 2 } as const;
const CTA = { TUPLE_ORIG: 1, TUPLE_REPLY: 2, STATUS: 3, ID: 12, FILTER: 25 } as const;
const CTA_TUPLE = { IP: 1, PROTO: 2 } as const;
const CTA_IP = { V4_SRC: 1, V6_SRC: 3 } as const;
const CTA_PROTO = { NUM: 1, DST_PORT: 3 } as const;
const CTA_FILTER_ORIG_FLAGS = 1;
const FILTER_PROTOCOL_AND_PORT = (1 << 3) | (1 << 5);
const HEADER_BYTES = 4;

const FAMILY = { ipv4: 2, ipv6: 10 } as const;
/** IPS_*: an answer has been seen; source or destination are translated. */
export const FLOW_STATUS = { seenReply: 1 << 1, sourceNat: 1 << 4, destinationNat: 1 << 5 } as const;

export interface FlowFilter {
  readonly family: keyof typeof FAMILY;
  /** IPPROTO_UDP and its like. */
  readonly protocol: number;
  /** As the first packet had it. */
  readonly destinationPort: number;
}

export interface Flow extends FlowFilter {
  /** Bits of FLOW_STATUS. */
  readonly status: number;
  /** Where answers come from, as in a packet. */
  readonly answerer: Buffer;
  /** What tells it from all others. */
  readonly identity: readonly Buffer[];
}

const header = (family: number): Buffer => Buffer.of(family, 0, 0, 0);

/** For `dump`. Kernels before 5.8 know no filter and list everything, so the answers have to be looked at in any case. */
export function listFlows({ family, protocol, destinationPort }: FlowFilter): Request {
  const number = Buffer.of(destinationPort >> 8, destinationPort & 0xff);
  const tuple = nested(
    CTA_TUPLE.PROTO,
    attribute(CTA_PROTO.NUM, Buffer.of(protocol)),
    attribute(CTA_PROTO.DST_PORT, number),
  );
  const flags = Buffer.alloc(4);
  flags.writeUInt32LE(FILTER_PROTOCOL_AND_PORT);
  const body = Buffer.concat([
    header(FAMILY[family]),
    nested(CTA.TUPLE_ORIG, tuple),
    nested(CTA.FILTER, attribute(CTA_FILTER_ORIG_FLAGS, flags)),
  ]);
  return { type: (SUBSYSTEM << 8) | MSG.GET, flags: 0, body, subject: `list flows to port ${destinationPort}` };
}

/** ENOENT when it has ended meanwhile. */
export function deleteFlow({ family, destinationPort, identity }: Flow): Request {
  const body = Buffer.concat([header(FAMILY[family]), ...identity]);
  return { type: (SUBSYSTEM << 8) | MSG.DELETE, flags: 0, body, subject: `delete flow to port ${destinationPort}` };
}

/** Undefined for a message that describes no flow. */
export function readFlow({ type, body }: Message): Flow | undefined {
  if (type !== ((SUBSYSTEM << 8) | MSG.NEW)) return undefined;
  const attributes = readAttributes(body.subarray(HEADER_BYTES));
  const [original, reply] = [attributes.get(CTA.TUPLE_ORIG), attributes.get(CTA.TUPLE_REPLY)];
  const [status, id] = [attributes.get(CTA.STATUS), attributes.get(CTA.ID)];
  if (original === undefined || reply === undefined || status?.length !== 4 || id === undefined) return undefined;
  const protocol = nestedIn(original, CTA_TUPLE.PROTO);
  const answer = nestedIn(reply, CTA_TUPLE.IP);
  const [number, port] = [protocol.get(CTA_PROTO.NUM), protocol.get(CTA_PROTO.DST_PORT)];
  if (number?.length !== 1 || port?.length !== 2) return undefined;
  return {
    family: body[0] === FAMILY.ipv6 ? "ipv6" : "ipv4",
    protocol: number.readUInt8(),
    destinationPort: port.readUInt16BE(),
    status: status.readUInt32BE(),
    answerer: answer.get(CTA_IP.V4_SRC) ?? answer.get(CTA_IP.V6_SRC) ?? Buffer.alloc(0),
    identity: [nested(CTA.TUPLE_ORIG, original), attribute(CTA.ID, id)],
  };
}

const nestedIn = (payload: Buffer, type: number): Map<number, Buffer> =>
  readAttributes(readAttributes(payload).get(type) ?? Buffer.alloc(0));
