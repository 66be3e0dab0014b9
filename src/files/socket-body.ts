/** Bodies of HTTP messages over sockets that a connection has lent: sent and received in large pieces, files without a copy. */
import type { LentBody } from "../base/lent-socket.ts";
import { receive, send, sendFile, widenSendBuffer } from "../kernel/stream-io.ts";
import { BodyDecoder } from "../wire/body-decoder.ts";
import { HttpError } from "../wire/http1.ts";
import type { Block } from "./blocks.ts";
import type { PackedRange } from "./pack.ts";
import type { Readiness } from "./readiness.ts";
import type { Shortcut } from "./shortcut.ts";

const RECEIVE_BYTES = 256 * 1024;
/** With the 208 KiB that Linux gives a socket, sender and receiver wait for each other all the time. */
const SEND_BUFFER_BYTES = 4 * 1024 * 1024;
const CRLF = Buffer.from("\r\n");
const ZEROS = Buffer.alloc(64 * 1024);
const NOTHING = Buffer.alloc(0);

/** What a transfer waits with. */
export interface Patience {
  readonly readiness: Readiness;
  /** Throws when nobody is interested any more. */
  readonly check: () => void;
}

/** Sends a piece of an archive as one chunk. */
export async function sendChunk(fd: number, piece: Block | PackedRange, patience: Patience): Promise<void> {
  const bytes = "file" in piece ? piece.end - piece.start : piece.length;
  await sendBytes(fd, Buffer.from(`${bytes.toString(16)}\r\n`), patience);
  if ("file" in piece) await sendRange(fd, piece, patience);
  else await sendBytes(fd, piece, patience);
  await sendBytes(fd, CRLF, patience);
}

function sendBytes(fd: number, bytes: Uint8Array, patience: Patience): Promise<number> {
  return untilSent(fd, bytes.length, patience, (at) => send(fd, at === 0 ? bytes : bytes.subarray(at)));
}

/** A file that has become shorter goes on with zeros: its length has been announced. */
async function sendRange(fd: number, { file, start, end }: PackedRange, patience: Patience): Promise<void> {
  if (end - start > SEND_BUFFER_BYTES) widenSendBuffer(fd, SEND_BUFFER_BYTES);
  const fromFile = (at: number): number | undefined => sendFile(fd, file, { start: start + at, end });
  const sent = await untilSent(fd, end - start, patience, fromFile);
  for (let left = end - start - sent; left > 0; ) {
    left -= await sendBytes(fd, ZEROS.subarray(0, left), patience);
  }
}

/** How many bytes have gone: all, or less when `send` says 0. It is given how many have gone before. */
async function untilSent(
  fd: number,
  bytes: number,
  { readiness, check }: Patience,
  sendFrom: (at: number) => number | undefined,
): Promise<number> {
  let at = 0;
  while (at < bytes) {
    const sent = sendFrom(at);
    if (sent === 0) break;
    at += sent ?? 0;
    if (sent !== undefined) continue;
    await readiness.wait({ fd, want: "writable" });
    check();
  }
  return at;
}

/**
 * The body's pieces, each valid until the next is asked for. Returns what was received beyond it. For what goes by
 * `shortcut` an empty piece comes; the pieces before it have been read by then.
 */
export async function* receiveBody(
  { fd, arrived, framing }: Pick<LentBody, "fd" | "arrived" | "framing">,
  { readiness, check }: Patience,
  shortcut?: Shortcut,
): AsyncGenerator<Uint8Array, Uint8Array, undefined> {
  const decoder = new BodyDecoder(framing);
  yield* decoder.push(arrived);
  const buffer = Buffer.allocUnsafeSlow(RECEIVE_BYTES);
  while (!decoder.finished) {
    const moves = shortcut?.isFor(fd, decoder.dataLeft) === true;
    const count = moves ? shortcut.move(fd) : receive(fd, buffer);
    if (count === 0) throw new HttpError("unexpected EOF");
    if (count === undefined) {
      await readiness.wait({ fd, want: "readable" });
      check();
    } else if (moves) {
      decoder.pass(count);
      yield NOTHING;
    } else yield* decoder.push(buffer.subarray(0, count));
  }
  return decoder.rest.slice();
}
