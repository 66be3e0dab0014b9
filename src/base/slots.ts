/** A fixed number of slots, given out in the order of asking. */
import type { Held } from "./locks.ts";

export class Slots {
  #free: number;
  readonly #waiting = new Set<() => void>();

  constructor(count: number) {
    this.#free = count;
  }

  /** Whether whoever asks now has to wait. */
  get busy(): boolean {
    return this.#free === 0;
  }

  /** Waits for a slot. `using held = await slots.acquire(signal)` gives it back at the end of the block. Rejects when the signal aborts. */
  async acquire(signal: AbortSignal): Promise<Held> {
    signal.throwIfAborted();
    if (this.#free > 0) this.#free--;
    else await this.#turn(signal);
    let held = true;
    return {
      [Symbol.dispose]: () => {
        if (held) this.#release();
        held = false;
      },
    };
  }

  #turn(signal: AbortSignal): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const onAbort = (): void => {
      this.#waiting.delete(take);
      reject(signal.reason);
    };
    const take = (): void => {
      signal.removeEventListener("abort", onAbort);
      resolve();
    };
    signal.addEventListener("abort", onAbort, { once: true });
    this.#waiting.add(take);
    return promise;
  }

  /** Hands the slot to the next in line. */
  #release(): void {
    const [next] = this.#waiting;
    if (next === undefined) {
      this.#free++;
      return;
    }
    this.#waiting.delete(next);
    next();
  }
}
