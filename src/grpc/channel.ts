/** Values from one side to one reader at the other; ends once, well or with an error. */

export class Channel<T> implements AsyncIterable<T> {
  readonly #queue: T[] = [];
  #ended = false;
  #error: Error | undefined;
  #wake: () => void = () => undefined;

  push(value: T): void {
    if (this.#ended) return;
    this.#queue.push(value);
    this.#wake();
  }

  /** Idempotent, as is `fail`; the first one counts. */
  end(): void {
    this.#ended = true;
    this.#wake();
  }

  fail(error: Error): void {
    if (!this.#ended) this.#error = error;
    this.end();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<T> {
    for (;;) {
      for (let value = this.#queue.shift(); value !== undefined; value = this.#queue.shift()) yield value;
      if (this.#error !== undefined) throw this.#error;
      if (this.#ended) return;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }
}
