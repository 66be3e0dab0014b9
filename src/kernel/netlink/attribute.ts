/** Netlink attributes: type, length and payload, padded to four bytes, nested at will. Pure; numbers are the host's little-endian. */
import { toAddress, toValue } from "../../base/ip-prefix.ts";

const HEADER_BYTES = 4;
const IPV4_BYTES = 4;
const IPV6_BYTES = 16;
const NLA_TYPE_MASK = 0x3fff;
const NLA_F_NESTED = 0x8000;

export const align = (length: number): number => (length + 3) & ~3;

/** One attribute with its padding. */
export function attribute(type: number, payload: Uint8Array): Buffer {
  const length = HEADER_BYTES + payload.length;
  const out = Buffer.alloc(align(length));
  out.writeUInt16LE(length, 0);
  out.writeUInt16LE(type, 2);
  out.set(payload, HEADER_BYTES);
  return out;
}

export function nested(type: number, ...attributes: readonly Uint8Array[]): Buffer {
  return attribute(type | NLA_F_NESTED, Buffer.concat(attributes));
}

export const u8 = (value: number): Buffer => Buffer.of(value);

export function u16(value: number): Buffer {
  const out = Buffer.alloc(2);
  out.writeUInt16LE(value);
  return out;
}

export function u32(value: number): Buffer {
  const out = Buffer.alloc(4);
  out.writeUInt32LE(value);
  return out;
}

/** In network byte order, as nfnetlink wants its numbers. */
export function be32(value: number): Buffer {
  const out = Buffer.alloc(4);
  out.writeInt32BE(value | 0);
  return out;
}

export function u64(value: number): Buffer {
  const out = Buffer.alloc(8);
  out.writeBigUInt64LE(BigInt(value));
  return out;
}

/** Text with the closing NUL. */
export function zstring(text: string): Buffer {
  return Buffer.from(`${text}\0`);
}

/** Four bytes or sixteen. */
export function ip(address: string): Buffer {
  const bytes = address.includes(":") ? IPV6_BYTES : IPV4_BYTES;
  return Buffer.from(
    toValue(address)
      .toString(16)
      .padStart(2 * bytes, "0"),
    "hex",
  );
}

/** "02:42:ac:1f:00:02" */
export function mac(address: string): Buffer {
  return Buffer.from(address.replaceAll(":", ""), "hex");
}

/** The payloads by type; of a type that comes twice, the last. What does not fit into `bytes` is left out. */
export function readAttributes(bytes: Buffer): Map<number, Buffer> {
  const found = new Map<number, Buffer>();
  for (let at = 0; at + HEADER_BYTES <= bytes.length; ) {
    const length = bytes.readUInt16LE(at);
    if (length < HEADER_BYTES || at + length > bytes.length) break;
    found.set(bytes.readUInt16LE(at + 2) & NLA_TYPE_MASK, bytes.subarray(at + HEADER_BYTES, at + length));
    at += align(length);
  }
  return found;
}

/** Text without its NUL; undefined stays so. */
export function readString(payload: Buffer | undefined): string | undefined {
  if (payload === undefined) return undefined;
  const end = payload.indexOf(0);
  return payload.toString("utf8", 0, end === -1 ? payload.length : end);
}

export function readU32(payload: Buffer | undefined): number | undefined {
  return payload === undefined || payload.length < 4 ? undefined : payload.readUInt32LE();
}

export function readIp(payload: Buffer | undefined): string | undefined {
  if (payload?.length === IPV4_BYTES) return payload.join(".");
  if (payload?.length !== IPV6_BYTES) return undefined;
  return toAddress(6, BigInt(`0x${payload.toString("hex")}`));
}

export function readMac(payload: Buffer | undefined): string | undefined {
  return payload?.length === 6 ? payload.toString("hex").replace(/..(?=.)/g, "$&:") : undefined;
}
