/** A lock per key: one action at a time on each container, in the order of asking. */

export interface Held {
  [Symbol.dispose](): void;
}

export class KeyedLocks {
  readonly #tails = new Map<string, Promise<void>>();

  /** Waits for the key's turn. `using held = await locks.acquire(id)` gives it back at the end of the block. Rejects when the signal aborts. */
  async acquire(key: string, signal?: AbortSignal): Promise<Held> {
    signal?.throwIfAborted();
    const before = this.#tails.get(key);
    const { promise: mine, resolve: done } = Promise.withResolvers<void>();
    this.#tails.set(key, mine);
    const held = {
      [Symbol.dispose]: () => {
        if (this.#tails.get(key) === mine) this.#tails.delete(key);
        done();
      },
    };
    if (before === undefined || signal === undefined) await before;
    else await turnUnlessAborted(before, held, signal);
    return held;
  }

  /** Resolves once nobody holds or waits for any key. */
  async idle(): Promise<void> {
    while (this.#tails.size > 0) await Promise.all(this.#tails.values());
  }
}

/** Whoever gives up keeps the place in the line until it is at the front, and lets the next one by. */
async function turnUnlessAborted(before: Promise<void>, held: Held, signal: AbortSignal): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const giveUp = (): void => {
    reject(signal.reason);
    void before.then(() => held[Symbol.dispose]());
  };
  signal.addEventListener("abort", giveUp, { once: true });
  void before.then(() => {
    signal.removeEventListener("abort", giveUp);
    resolve();
  });
  await promise;
}
