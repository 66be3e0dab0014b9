/** HTTP/1.1 bodies: by length, chunked, or until the connection closes. Pulled piece by piece, so reading is the back-pressure. */
import { asBuffer, latin1Bytes } from "../base/bytes.ts";
import type { ByteReader } from "./byte-reader.ts";
import { type Framing, HttpError } from "./http1.ts";

const CRLF = "\r\n";
/** A chunk's size line with its extensions, and each trailer line. */
const MAX_LINE_BYTES = 4096;
const MAX_TRAILERS = 100;
const SIZE_LINE = /^([0-9a-fA-F]{1,13})[ \t]*(?:;[\t\x20-\x7e\x80-\xff]*)?\r\n$/;

/** Yields the body and leaves the reader at the first byte after it. */
export function readBody(reader: ByteReader, framing: Framing): AsyncGenerator<Uint8Array, void, undefined> {
  switch (framing.kind) {
    case "length":
      return readExactly(reader, framing.bytes);
    case "chunked":
      return readChunks(reader);
    case "untilClose":
      return reader.rest();
  }
}

async function* readExactly(reader: ByteReader, bytes: number): AsyncGenerator<Uint8Array, void, undefined> {
  let left = bytes;
  while (left > 0) {
    const piece = await reader.readSome(left);
    if (piece === undefined) throw new HttpError("connection closed in the middle of a body");
    left -= piece.length;
    yield piece;
  }
}

async function* readChunks(reader: ByteReader): AsyncGenerator<Uint8Array, void, undefined> {
  for (;;) {
    const size = chunkSize(await readLine(reader));
    if (size === 0) break;
    yield* readExactly(reader, size);
    if ((await readLine(reader)) !== CRLF) throw new HttpError("malformed chunk");
  }
  for (let trailers = 0; (await readLine(reader)) !== CRLF; trailers++) {
    if (trailers === MAX_TRAILERS) throw new HttpError("too many trailers");
  }
}

async function readLine(reader: ByteReader): Promise<string> {
  const line = await reader.readThrough(CRLF, MAX_LINE_BYTES);
  if (line === undefined) throw new HttpError("connection closed in the middle of a body");
  return asBuffer(line).toString("latin1");
}

function chunkSize(line: string): number {
  const match = SIZE_LINE.exec(line);
  if (match === null) throw new HttpError("malformed chunk size");
  return Number.parseInt(match[1] ?? "", 16);
}

/** One chunk; an empty payload would end the body, so it becomes no bytes at all. */
export function encodeChunk(payload: Uint8Array): Uint8Array {
  if (payload.length === 0) return payload;
  return Buffer.concat([latin1Bytes(payload.length.toString(16) + CRLF), payload, latin1Bytes(CRLF)]);
}

/** Ends a chunked body, without trailers. */
export const LAST_CHUNK: Uint8Array = latin1Bytes("0\r\n\r\n");

/** A whole body in memory; refuses more than `maxBytes`. */
export async function collect(body: AsyncIterable<Uint8Array>, maxBytes: number): Promise<Uint8Array> {
  const pieces: Uint8Array[] = [];
  let total = 0;
  for await (const piece of body) {
    total += piece.length;
    if (total > maxBytes) throw new HttpError(`body larger than ${maxBytes} bytes`);
    pieces.push(piece);
  }
  return pieces.length === 1 && pieces[0] !== undefined ? pieces[0] : Buffer.concat(pieces, total);
}
