/** A lock per key: one action at a time on each container, in the order of asking. */

export interface Held {
  [Symbol.dispose](): void;
}

export class KeyedLocks {
  readonly #tails = new Map<string, Promise<void>>();

  /** Waits for the key's turn. `using held = await locks.acquire(id)` gives it back at the end of the block. */
  async acquire(key: string): Promise<Held> {
    const before = this.#tails.get(key);
    const { promise: mine, resolve: done } = Promise.withResolvers<void>();
    this.#tails.set(key, mine);
    await before;
    return {
      [Symbol.dispose]: () => {
        if (this.#tails.get(key) === mine) this.#tails.delete(key);
        done();
      },
    };
  }

  /** True while somebody holds the key. */
  isHeld(key: string): boolean {
    return this.#tails.has(key);
  }
}
