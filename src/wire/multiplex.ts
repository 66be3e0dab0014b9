/** Docker's multiplexed stream: frames of [stream, 0, 0, 0, length u32 big-endian] and payload ("Stream format" in the swagger). */

export type StdStream = 0 | 1 | 2;
export const FRAME_HEADER_BYTES = 8;

export function frameHeader(stream: StdStream, length: number): Uint8Array {
  const header = Buffer.alloc(FRAME_HEADER_BYTES);
  header[0] = stream;
  header.writeUInt32BE(length, 4);
  return header;
}

export function frame(stream: StdStream, payload: Uint8Array): Uint8Array {
  return Buffer.concat([frameHeader(stream, payload.length), payload]);
}

export interface Frame {
  readonly stream: number;
  readonly payload: Uint8Array;
}

/** Cuts a byte stream into frames' payload pieces as they arrive; a large frame comes in several pieces. */
export async function* demultiplex(source: AsyncIterable<Uint8Array>): AsyncGenerator<Frame> {
  let header = Buffer.alloc(0);
  let stream = 0;
  let left = 0;
  for await (const chunk of source) {
    let rest = chunk;
    while (rest.length > 0) {
      if (left > 0) {
        const payload = rest.subarray(0, left);
        left -= payload.length;
        rest = rest.subarray(payload.length);
        yield { stream, payload };
        continue;
      }
      const missing = FRAME_HEADER_BYTES - header.length;
      header = Buffer.concat([header, rest.subarray(0, missing)]);
      rest = rest.subarray(missing);
      if (header.length < FRAME_HEADER_BYTES) continue;
      stream = header[0] ?? 0;
      left = header.readUInt32BE(4);
      header = Buffer.alloc(0);
    }
  }
}
