/** Docker's multiplexed stream: frames of [stream, 0, 0, 0, length u32 big-endian] and payload ("Stream format" in the swagger). */

export type StdStream = 0 | 1 | 2;
export const FRAME_HEADER_BYTES = 8;

function frameHeader(stream: StdStream, length: number): Uint8Array {
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

/** Cuts bytes into frames' payload pieces as they arrive; a large frame comes in several pieces. */
export class FrameSplitter {
  #header: Buffer = Buffer.alloc(0);
  #stream = 0;
  #left = 0;

  push(chunk: Uint8Array): readonly Frame[] {
    const frames: Frame[] = [];
    for (let rest = chunk; rest.length > 0; ) {
      if (this.#left === 0) {
        rest = this.#readHeader(rest);
        continue;
      }
      const payload = rest.subarray(0, this.#left);
      this.#left -= payload.length;
      rest = rest.subarray(payload.length);
      frames.push({ stream: this.#stream, payload });
    }
    return frames;
  }

  /** Returns what follows the header's bytes. */
  #readHeader(bytes: Uint8Array): Uint8Array {
    const missing = FRAME_HEADER_BYTES - this.#header.length;
    this.#header = Buffer.concat([this.#header, bytes.subarray(0, missing)]);
    if (this.#header.length === FRAME_HEADER_BYTES) {
      this.#stream = this.#header[0] ?? 0;
      this.#left = this.#header.readUInt32BE(4);
      this.#header = Buffer.alloc(0);
    }
    return bytes.subarray(missing);
  }
}

export async function* demultiplex(source: AsyncIterable<Uint8Array>): AsyncGenerator<Frame> {
  const splitter = new FrameSplitter();
  for await (const chunk of source) yield* splitter.push(chunk);
}
