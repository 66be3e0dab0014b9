/** Bytes of an archive gathered into blocks of one size, so that small files cost no message and no system call of their own. */

const STREAM_BLOCK_BYTES = 256 * 1024;

export type Block = Uint8Array<ArrayBuffer>;

export class Blocks {
  readonly #reuse: boolean;
  readonly #free: Buffer<ArrayBuffer>[] = [];
  #block = newBlock();
  #used = 0;
  #full: Buffer<ArrayBuffer>[] = [];

  /** Whether the blocks given away may be used again, once the next one is asked for. */
  constructor({ reuse = false } = {}) {
    this.#reuse = reuse;
  }

  /** Copies bytes in. */
  append(bytes: Uint8Array): void {
    for (let at = 0; at < bytes.length; ) {
      const room = this.room(bytes.length - at);
      room.set(bytes.subarray(at, at + room.length));
      this.advance(room.length);
      at += room.length;
    }
  }

  zeros(count: number): void {
    for (let left = count; left > 0; ) {
      const room = this.room(left).fill(0);
      this.advance(room.length);
      left -= room.length;
    }
  }

  /** A place for `most` bytes at most, to be written into and then taken in by `advance`. Never empty. */
  room(most: number): Buffer<ArrayBuffer> {
    return this.#block.subarray(this.#used, this.#used + most);
  }

  advance(count: number): void {
    this.#used += count;
    if (this.#used < this.#block.length) return;
    this.#full.push(this.#block);
    this.#block = this.#free.pop() ?? newBlock();
    this.#used = 0;
  }

  /** Gives the full blocks away. */
  *drain(): Generator<Block, void, undefined> {
    if (this.#full.length === 0) return;
    const full = this.#full;
    this.#full = [];
    for (const block of full) {
      yield block;
      if (this.#reuse) this.#free.push(block);
    }
  }

  /** Gives everything away, the last block as full as it is. */
  *flush(): Generator<Block, void, undefined> {
    yield* this.drain();
    if (this.#used === 0) return;
    const last = this.#block.subarray(0, this.#used);
    this.#used = 0;
    if (!this.#reuse) this.#block = newBlock();
    yield last;
  }
}

/** Each in memory of its own, which can be handed to another thread. */
function newBlock(): Buffer<ArrayBuffer> {
  return Buffer.allocUnsafeSlow(STREAM_BLOCK_BYTES);
}
