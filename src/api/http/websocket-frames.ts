/** WebSocket frames as a server reads and writes them (RFC 6455, section 5). No extensions, no fragmentation of what we send. */
import type { ByteReader } from "../../wire/byte-reader.ts";

export const OPCODE = { continuation: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10 } as const;
export type Opcode = (typeof OPCODE)[keyof typeof OPCODE];

export interface FrameHead {
  readonly fin: boolean;
  readonly opcode: number;
  readonly bytes: number;
  readonly mask: Uint8Array;
}

/** The peer breaks the protocol; `code` is what the close frame says of it. */
export class WebsocketError extends Error {
  override readonly name = "WebsocketError";
  readonly code: number;

  constructor(code: number, message: string) {
    super(message);
    this.code = code;
  }
}

export const CLOSE_NORMAL = 1000;
const CLOSE_PROTOCOL_ERROR = 1002;
const MAX_CONTROL_BYTES = 125;
const KNOWN_OPCODES: ReadonlySet<number> = new Set(Object.values(OPCODE));

/** Undefined at the end of the stream. Throws WebsocketError for what a client must not send. */
export async function readFrameHead(reader: ByteReader): Promise<FrameHead | undefined> {
  const start = await readBytes(reader, 2);
  if (start === undefined) return undefined;
  const [first = 0, second = 0] = start;
  const opcode = first & 0x0f;
  const fin = (first & 0x80) !== 0;
  const short = second & 0x7f;
  if ((first & 0x70) !== 0) throw violation("reserved bits are set");
  if (!KNOWN_OPCODES.has(opcode)) throw violation(`unknown opcode ${opcode}`);
  if ((second & 0x80) === 0) throw violation("a client's frame is not masked");
  if (isControl(opcode) && (!fin || short > MAX_CONTROL_BYTES)) throw violation("malformed control frame");
  const bytes = await readLength(reader, short);
  const mask = await readBytes(reader, 4);
  return mask === undefined ? undefined : { fin, opcode, bytes, mask };
}

function isControl(opcode: number): boolean {
  return opcode >= OPCODE.close;
}

async function readLength(reader: ByteReader, short: number): Promise<number> {
  if (short < 126) return short;
  const field = Buffer.from((await readBytes(reader, short === 126 ? 2 : 8)) ?? []);
  if (field.length === 2) return field.readUInt16BE();
  if (field.length < 8) throw violation("truncated frame");
  const bytes = field.readBigUInt64BE();
  if (bytes > BigInt(Number.MAX_SAFE_INTEGER)) throw violation("frame too long");
  return Number(bytes);
}

/** Exactly `count` bytes; undefined when the stream ends before them. */
async function readBytes(reader: ByteReader, count: number): Promise<Uint8Array | undefined> {
  const bytes = Buffer.alloc(count);
  for (let filled = 0; filled < count; ) {
    const piece = await reader.readSome(count - filled);
    if (piece === undefined) return undefined;
    bytes.set(piece, filled);
    filled += piece.length;
  }
  return bytes;
}

/** The payload as it arrives, unmasked, in pieces: frames of any length need no more memory than a read. */
export async function* readPayload(reader: ByteReader, { bytes, mask }: FrameHead): AsyncGenerator<Uint8Array> {
  let offset = 0;
  while (offset < bytes) {
    const piece = await reader.readSome(bytes - offset);
    if (piece === undefined) throw violation("truncated frame");
    yield unmask(piece, mask, offset);
    offset += piece.length;
  }
}

function unmask(piece: Uint8Array, mask: Uint8Array, offset: number): Uint8Array {
  return piece.map((byte, index) => byte ^ (mask[(offset + index) % 4] ?? 0));
}

/** A whole, unmasked message in one frame. */
export function encodeFrame(opcode: Opcode, payload: Uint8Array): Uint8Array {
  return Buffer.concat([encodeHead(opcode, payload.length), payload]);
}

function encodeHead(opcode: Opcode, bytes: number): Uint8Array {
  const first = 0x80 | opcode;
  if (bytes < 126) return Uint8Array.of(first, bytes);
  if (bytes <= 0xffff) return Uint8Array.of(first, 126, bytes >> 8, bytes & 0xff);
  const head = Buffer.alloc(10);
  head[0] = first;
  head[1] = 127;
  head.writeBigUInt64BE(BigInt(bytes), 2);
  return head;
}

/** The payload of a close frame. */
export function encodeClose(code: number): Uint8Array {
  return encodeFrame(OPCODE.close, Uint8Array.of(code >> 8, code & 0xff));
}

function violation(message: string): WebsocketError {
  return new WebsocketError(CLOSE_PROTOCOL_ERROR, message);
}
