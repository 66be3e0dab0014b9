/**
 * A few things made ahead of time, so that taking one costs nothing. One is made at a time, first for those who wait. The
 * pool grows when it is found empty, one that is empty at rest when that happens again soon, and shrinks back when it has not been
 * used for a while.
 */

export interface WarmPoolOptions<T> {
  readonly make: () => Promise<T>;
  readonly discard: (item: T) => void;
  /** How many lie ready when nothing happens, and under the heaviest use. */
  readonly least: number;
  readonly most: number;
  /** A refill that failed; nobody waits for it, and the next take tries again. */
  readonly onFailure: (error: unknown) => void;
}

/** Long enough that a refill does not compete with the start it follows. */
const REFILL_AFTER_MS = 20;
const SHRINK_AFTER_MS = 30_000;

export class WarmPool<T> {
  readonly #options: WarmPoolOptions<T>;
  readonly #ready: T[] = [];
  readonly #waiting: PromiseWithResolvers<T>[] = [];
  #target: number;
  #making: Promise<void> = Promise.resolve();
  #busy = false;
  /** Found empty since it last came to rest. */
  #missed = false;
  #refill: Timer | undefined;
  #shrink: Timer | undefined;
  #open = true;

  constructor(options: WarmPoolOptions<T>) {
    this.#options = options;
    this.#target = options.least;
  }

  get size(): number {
    return this.#ready.length;
  }

  /** One that lies ready, or the next to be made. Rejects with the failure of making it. */
  take(): T | Promise<T> {
    if (!this.#open) return Promise.reject(new Error("the pool is closed"));
    const item = this.#ready.shift();
    if (item !== undefined) {
      this.#refill ??= setTimeout(() => void this.fill(), REFILL_AFTER_MS);
      return item;
    }
    this.#grow();
    const waiter = Promise.withResolvers<T>();
    this.#waiting.push(waiter);
    void this.fill();
    return waiter.promise;
  }

  /** Discards the first that lies ready and fits; false when none does. */
  drop(fits: (item: T) => boolean): boolean {
    const at = this.#ready.findIndex(fits);
    for (const item of at < 0 ? [] : this.#ready.splice(at, 1)) this.#options.discard(item);
    return at >= 0;
  }

  /** Resolves once the pool is full, or making one has failed. */
  fill(): Promise<void> {
    clearTimeout(this.#refill);
    this.#refill = undefined;
    if (!this.#busy) this.#making = this.#work();
    return this.#making;
  }

  /** Discards what lies ready and whatever is still being made. Those who wait are refused. */
  async close(): Promise<void> {
    this.#open = false;
    clearTimeout(this.#refill);
    clearTimeout(this.#shrink);
    for (const item of this.#ready.splice(0)) this.#options.discard(item);
    for (const waiter of this.#waiting.splice(0)) waiter.reject(new Error("the pool is closed"));
    await this.#making;
  }

  /** `#busy` falls in the same turn as the decision to end, so that nobody who comes then waits for ever. */
  async #work(): Promise<void> {
    this.#busy = true;
    try {
      while (this.#open && (this.#waiting.length > 0 || this.#ready.length < this.#target)) await this.#makeOne();
    } catch (error) {
      this.#options.onFailure(error);
    } finally {
      this.#busy = false;
    }
  }

  async #makeOne(): Promise<void> {
    try {
      this.#give(await this.#options.make());
    } catch (error) {
      const waiter = this.#waiting.shift();
      if (waiter === undefined) throw error;
      waiter.reject(error);
    }
  }

  #give(item: T): void {
    const waiter = this.#waiting.shift();
    if (waiter !== undefined) waiter.resolve(item);
    else if (this.#open) this.#ready.push(item);
    else this.#options.discard(item);
  }

  #grow(): void {
    if (this.#target > 0 || this.#missed) this.#target = Math.min(Math.max(this.#target, 1) * 2, this.#options.most);
    this.#missed = true;
    clearTimeout(this.#shrink);
    this.#shrink = setTimeout(() => this.#rest(), SHRINK_AFTER_MS).unref();
  }

  #rest(): void {
    this.#target = this.#options.least;
    this.#missed = false;
    for (const item of this.#ready.splice(this.#target)) this.#options.discard(item);
  }
}
