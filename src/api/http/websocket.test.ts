import { expect, test } from "bun:test";
import fc from "fast-check";
import { ByteReader } from "../../wire/byte-reader.ts";
import { RecordingPeer } from "../fixtures/request.ts";
import { acceptKey, websocketDuplex } from "./websocket.ts";
import { encodeFrame, OPCODE, type Opcode, readFrameHead, readPayload } from "./websocket-frames.ts";

/** A frame as a client sends it. */
function clientFrame(opcode: Opcode, payload: Uint8Array, mask = Uint8Array.of(1, 2, 3, 4)): Uint8Array {
  const frame = Buffer.from(encodeFrame(opcode, payload));
  const headBytes = frame.length - payload.length;
  const head = Buffer.from(frame.subarray(0, headBytes));
  head[1] = (head[1] ?? 0) | 0x80;
  return Buffer.concat([head, mask, payload.map((byte, index) => byte ^ (mask[index % 4] ?? 0))]);
}

async function* cut(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

class Peer extends RecordingPeer {
  override readonly readable: AsyncIterable<Uint8Array>;

  constructor(incoming: Uint8Array, size = 1 << 20) {
    super();
    this.readable = cut(incoming, size);
  }
}

async function received(peer: Peer): Promise<string> {
  return Buffer.concat(await Array.fromAsync(websocketDuplex(peer, "binary").readable)).toString("latin1");
}

test("the handshake's answer is that of RFC 6455's example", () => {
  expect(acceptKey("dGhlIHNhbXBsZSBub25jZQ==")).toBe("s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
});

test("frames of every length come back as they were, however they are cut and masked", async () => {
  const lengths = fc.constantFrom(0, 1, 125, 126, 127, 65_535, 65_536);
  await fc.assert(
    fc.asyncProperty(
      lengths,
      fc.integer({ min: 1, max: 9000 }),
      fc.uint8Array({ minLength: 4, maxLength: 4 }),
      async (length, size, mask) => {
        const payload = Buffer.alloc(length, "ab\x00\xff", "latin1");
        const reader = new ByteReader(cut(clientFrame(OPCODE.binary, payload, mask), size));
        const head = await readFrameHead(reader);
        expect(head).toMatchObject({ fin: true, opcode: OPCODE.binary, bytes: length });
        const pieces = head === undefined ? [] : await Array.fromAsync(readPayload(reader, head));
        expect(Buffer.concat(pieces).equals(payload)).toBe(true);
      },
    ),
    { numRuns: 60 },
  );
});

test("messages of any kind and number are one stream, pings among them are answered", async () => {
  const peer = new Peer(
    Buffer.concat([
      clientFrame(OPCODE.text, Buffer.from("one")),
      clientFrame(OPCODE.ping, Buffer.from("hi")),
      clientFrame(OPCODE.pong, Buffer.from("unasked")),
      clientFrame(OPCODE.binary, Buffer.from("two")),
      clientFrame(OPCODE.close, Uint8Array.of(3, 232)),
      clientFrame(OPCODE.text, Buffer.from("too late")),
    ]),
    3,
  );
  expect(await received(peer)).toBe("onetwo");
  expect(peer.written).toEqual(["\x8a\x02hi", "\x88\x02\x03\xe8"]);
});

test.each([
  ["is not masked", Uint8Array.of(0x82, 0x01, 0x61)],
  ["has reserved bits", Uint8Array.of(0xc2, 0x81, 0, 0, 0, 0, 0x61)],
  ["has an unknown kind", Uint8Array.of(0x83, 0x80, 0, 0, 0, 0)],
  ["is a ping in fragments", Uint8Array.of(0x09, 0x80, 0, 0, 0, 0)],
  ["is a ping too long", Uint8Array.of(0x89, 0xfe, 0, 200, 0, 0, 0, 0)],
  ["is longer than any number", Uint8Array.of(0x82, 0xff, 255, 255, 255, 255, 255, 255, 255, 255, 0, 0, 0, 0)],
  ["is cut off", Uint8Array.of(0x82, 0x85, 0, 0, 0, 0, 0x61)],
])("a frame that %s ends the connection with code 1002", async (_what, bytes) => {
  const peer = new Peer(bytes);
  expect(await received(peer)).toBe(bytes.length === 7 && bytes[1] === 0x85 ? "a" : "");
  expect([peer.written, peer.ended]).toEqual([["\x88\x02\x03\xea"], true]);
});

test("the end of the stream says goodbye once", () => {
  const peer = new Peer(new Uint8Array());
  const socket = websocketDuplex(peer, "text");
  socket.end();
  socket.end();
  expect([peer.written, peer.ended]).toEqual([["\x88\x02\x03\xe8"], true]);
});
