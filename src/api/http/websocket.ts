/** Turns a request into a websocket that looks like any other byte stream: messages' payloads in, one message a write out. */
import { createHash } from "node:crypto";
import type { Duplex } from "../../base/duplex.ts";
import { invalidParameter } from "../../base/errors.ts";
import { ByteReader } from "../../wire/byte-reader.ts";
import { hasToken } from "../../wire/http1.ts";
import type { Request } from "./message.ts";
import {
  CLOSE_NORMAL,
  encodeClose,
  encodeFrame,
  OPCODE,
  readFrameHead,
  readPayload,
  WebsocketError,
} from "./websocket-frames.ts";

/** RFC 6455, section 1.3. */
const ACCEPT_GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

/** Throws invalidParameter when the request is no websocket handshake. */
export async function acceptWebsocket(request: Request, messages: "text" | "binary"): Promise<Duplex> {
  const { headers } = request;
  const key = headers.get("sec-websocket-key") ?? "";
  const isHandshake = hasToken(headers, "connection", "upgrade") && hasToken(headers, "upgrade", "websocket");
  if (!isHandshake || key === "" || headers.get("sec-websocket-version") !== "13") {
    throw invalidParameter("not websocket protocol");
  }
  const connection = await request.hijack({
    status: 101,
    reason: "Switching Protocols",
    headers: [
      ["Upgrade", "websocket"],
      ["Connection", "Upgrade"],
      ["Sec-WebSocket-Accept", acceptKey(key)],
    ],
  });
  return websocketDuplex(connection, messages);
}

export function acceptKey(key: string): string {
  return createHash("sha1")
    .update(key + ACCEPT_GUID)
    .digest("base64");
}

/** A close frame from either side ends both halves: websockets have no half-close. */
export function websocketDuplex(connection: Duplex, messages: "text" | "binary"): Duplex {
  const closing = { sent: false };
  return {
    readable: incoming(connection, closing),
    write: (chunk) => connection.write(encodeFrame(OPCODE[messages], chunk)),
    end: () => finish(connection, closing, CLOSE_NORMAL),
    close: () => connection.close(),
    closed: connection.closed,
  };
}

interface Closing {
  sent: boolean;
}

async function* incoming(connection: Duplex, closing: Closing): AsyncGenerator<Uint8Array> {
  const reader = new ByteReader(connection.readable);
  try {
    for (;;) {
      const head = await readFrameHead(reader);
      if (head === undefined) return;
      if (head.opcode === OPCODE.close) return finish(connection, closing, CLOSE_NORMAL);
      const payload = readPayload(reader, head);
      if (head.opcode === OPCODE.ping) await answerPing(connection, payload);
      else if (head.opcode === OPCODE.pong) await skip(payload);
      else yield* payload;
    }
  } catch (error) {
    if (!(error instanceof WebsocketError)) throw error;
    finish(connection, closing, error.code);
  }
}

/** At most 125 bytes, as readFrameHead has checked. */
async function answerPing(connection: Duplex, payload: AsyncIterable<Uint8Array>): Promise<void> {
  const pieces = await Array.fromAsync(payload);
  await connection.write(encodeFrame(OPCODE.pong, Buffer.concat(pieces)));
}

async function skip(payload: AsyncIterable<Uint8Array>): Promise<void> {
  for await (const _piece of payload);
}

/** Says goodbye once; nothing may follow a close frame. */
function finish(connection: Duplex, closing: Closing, code: number): void {
  if (closing.sent) return;
  closing.sent = true;
  connection.write(encodeClose(code)).catch(() => undefined);
  connection.end();
}
