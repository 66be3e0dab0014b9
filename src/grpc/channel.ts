/** Values from one side to one reader at the other; ends once, well or with an error. */

/** Values that wait to be read before `put` holds its caller back. */
const MAX_WAITING = 16;

export class Channel<T> implements AsyncIterable<T> {
  readonly #queue: T[] = [];
  #ended = false;
  #error: Error | undefined;
  #wake: () => void = () => undefined;
  #held: (() => void)[] = [];

  push(value: T): void {
    if (this.#ended) return;
    this.#queue.push(value);
    this.#wake();
  }

  /** Resolves once there is room for more. Rejects when the channel has ended, or ends meanwhile. */
  async put(value: T): Promise<void> {
    this.push(value);
    while (this.#queue.length >= MAX_WAITING && !this.#ended) {
      await new Promise<void>((resolve) => this.#held.push(resolve));
    }
    if (this.#ended) throw this.#error ?? new Error("the channel has ended");
  }

  /** Idempotent, as is `fail`; the first one counts. */
  end(): void {
    this.#ended = true;
    this.#wake();
    this.#release();
  }

  fail(error: Error): void {
    if (!this.#ended) this.#error = error;
    this.end();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<T> {
    for (;;) {
      for (let value = this.#queue.shift(); value !== undefined; value = this.#queue.shift()) {
        this.#release();
        yield value;
      }
      if (this.#error !== undefined) throw this.#error;
      if (this.#ended) return;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  #release(): void {
    const held = this.#held;
    this.#held = [];
    for (const go of held) go();
  }
}
