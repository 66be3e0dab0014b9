/** Long work on the event loop, in pieces: whoever else waits gets a turn in between. */

/** Half of what the event loop may be blocked for. */
const PIECE_MS = 10;

export class Turns {
  #since = performance.now();

  /** At once, or after everybody else when this piece of work has lasted long enough. */
  async next(): Promise<void> {
    if (performance.now() - this.#since < PIECE_MS) return;
    await new Promise((resolve) => setImmediate(resolve));
    this.#since = performance.now();
  }
}
