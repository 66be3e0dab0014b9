/**
 * Waits for sockets in a thread that has no event loop of its own for them. Whoever waits is woken as soon as one is ready; in between
 * the thread hears its messages.
 */
import { poll, type Wanted } from "../kernel/stream-io.ts";

/** How long a message to the thread may have to wait, at most. */
const MAX_WAIT_MS = 16;

interface Waiter extends Wanted {
  readonly wake: () => void;
}

export class Readiness {
  #waiters: readonly Waiter[] = [];
  #isTurning = false;

  /** Resolves when the socket is ready, or has nothing more to wait for. */
  async wait(wanted: Wanted): Promise<void> {
    await new Promise<void>((wake) => {
      this.#waiters = [...this.#waiters, { ...wanted, wake }];
      if (!this.#isTurning) void this.#turn();
    });
  }

  /** Everybody looks again whether there is still something to wait for. */
  wakeAll(): void {
    const waiters = this.#waiters;
    this.#waiters = [];
    for (const { wake } of waiters) wake();
  }

  async #turn(): Promise<void> {
    this.#isTurning = true;
    for (let waitMs = 1; this.#waiters.length > 0; waitMs = Math.min(MAX_WAIT_MS, waitMs * 2)) {
      const ready = new Set(poll(this.#waiters, waitMs));
      if (ready.size > 0) waitMs = 1;
      this.#waiters = this.#waiters.filter((waiter) => !ready.has(waiter));
      for (const { wake } of ready) wake();
      await new Promise((resolve) => setImmediate(resolve));
    }
    this.#isTurning = false;
  }
}
