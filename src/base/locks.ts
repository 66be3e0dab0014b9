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

  /** Resolves once nobody holds or waits for any key. */
  async idle(): Promise<void> {
    while (this.#tails.size > 0) await Promise.all(this.#tails.values());
  }
}
