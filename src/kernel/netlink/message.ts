/** Netlink messages, after netlink(7): a header of 16 bytes, a body, padding. Pure. */
import { align } from "./attribute.ts";

const HEADER_BYTES = 16;

export const NLM_F = {
  REQUEST: 1,
  MULTI: 2,
  ACK: 4,
  DUMP_INTR: 0x10,
  REPLACE: 0x100,
  EXCL: 0x200,
  CREATE: 0x400,
  DUMP: 0x300,
} as const;

const NLMSG = { ERROR: 2, DONE: 3 } as const;

/** What is asked of the kernel. */
export interface Request {
  readonly type: number;
  /** NLM_F besides REQUEST and ACK, which the socket adds. */
  readonly flags: number;
  readonly body: Uint8Array;
  /** For error messages: "add veth0". */
  readonly subject: string;
}

export interface Message {
  readonly type: number;
  readonly flags: number;
  readonly seq: number;
  readonly body: Buffer;
}

export function encodeMessage({ type, flags, body }: Omit<Request, "subject">, seq: number): Buffer {
  const length = HEADER_BYTES + body.length;
  const out = Buffer.alloc(align(length));
  out.writeUInt32LE(length, 0);
  out.writeUInt16LE(type, 4);
  out.writeUInt16LE(flags, 6);
  out.writeUInt32LE(seq, 8);
  out.set(body, HEADER_BYTES);
  return out;
}

/** All messages of one datagram. */
export function decodeMessages(datagram: Buffer): Message[] {
  const messages: Message[] = [];
  for (let at = 0; at + HEADER_BYTES <= datagram.length; ) {
    const length = datagram.readUInt32LE(at);
    if (length < HEADER_BYTES || at + length > datagram.length) break;
    messages.push({
      type: datagram.readUInt16LE(at + 4),
      flags: datagram.readUInt16LE(at + 6),
      seq: datagram.readUInt32LE(at + 8),
      body: datagram.subarray(at + HEADER_BYTES, at + length),
    });
    at += align(length);
  }
  return messages;
}

/** How a message ends its request: 0 for success, an errno for failure; undefined when more is to come. */
export function outcome({ type, body }: Message): number | undefined {
  if (type !== NLMSG.DONE && type !== NLMSG.ERROR) return undefined;
  return body.length < 4 ? 0 : Math.abs(body.readInt32LE());
}
