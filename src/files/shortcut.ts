/** The way of an archive's data from a socket into a file past the archive's reader: nobody looks at it, so it need not be copied. */
import type { TarReader } from "../base/tar/reader.ts";
import { Pipe, peek } from "../kernel/stream-io.ts";
import type { TreeUnpacker } from "./unpack.ts";

/** How much goes at a time. */
const PIECE_BYTES = 256 * 1024;
/** When data begins with so many zeros, somebody should look at it: it may be a hole. */
const LOOKED_AT_BYTES = 64;

export class Shortcut implements Disposable {
  readonly #reader: TarReader;
  readonly #unpacker: TreeUnpacker;
  readonly #head = Buffer.alloc(LOOKED_AT_BYTES);
  #pipe: Pipe | undefined;
  #isOpen = false;

  /** `unpacker` is what `reader` has for its handler. */
  constructor(reader: TarReader, unpacker: TreeUnpacker) {
    this.#reader = reader;
    this.#unpacker = unpacker;
  }

  /** To be called when it is known that the socket's bytes are the archive's own: that they are not compressed. */
  open(): void {
    this.#isOpen = true;
  }

  /** Whether the next bytes of a socket, of which `length` may be taken, can go this way. */
  isFor(fd: number, length: number): boolean {
    if (!this.#isOpen) return false;
    const stretch = this.#unpacker.writer?.stretch.length ?? 0;
    return Math.min(length, stretch, this.#reader.dataLeft) >= PIECE_BYTES && !this.#beginsWithZeros(fd);
  }

  /** Bytes that have gone, 0 at the socket's end; undefined when there is nothing yet. Only when `isFor` says so. */
  move(fd: number): number | undefined {
    const { writer } = this.#unpacker;
    if (writer === undefined) return undefined;
    this.#pipe ??= new Pipe(PIECE_BYTES);
    const bytes = this.#pipe.fill(fd, PIECE_BYTES);
    if (bytes === undefined || bytes === 0) return bytes;
    const { stretch } = writer;
    this.#pipe.drain(stretch.fd, stretch.position, bytes);
    writer.pass(bytes);
    this.#reader.pass(bytes);
    return bytes;
  }

  [Symbol.dispose](): void {
    this.#pipe?.[Symbol.dispose]();
  }

  #beginsWithZeros(fd: number): boolean {
    const count = peek(fd, this.#head) ?? 0;
    return count > 0 && this.#head.subarray(0, count).every((byte) => byte === 0);
  }
}
