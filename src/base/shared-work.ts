/** Work that several want at once is done once: later comers join, and it is stopped when the last of them has left. */

export interface Participant<E> {
  /** Hears what the work tells; who joins later begins with the newest word. */
  readonly report: (event: E) => void;
  readonly signal: AbortSignal;
}

export type Work<T, E> = (report: (event: E) => void, signal: AbortSignal) => Promise<T>;

export class SharedWork<T, E> {
  readonly #running = new Map<string, Running<T, E>>();

  /** Runs `work` unless somebody's with this key is under way. Leaving (the participant's signal) rejects with its reason. */
  async join(key: string, participant: Participant<E>, work: Work<T, E>): Promise<T> {
    participant.signal.throwIfAborted();
    let running = this.#running.get(key);
    if (running === undefined) {
      running = new Running(work);
      this.#running.set(key, running);
      const forget = (): void => void (this.#running.get(key) === running && this.#running.delete(key));
      running.done.then(forget, forget);
      running.abandoned.addEventListener("abort", forget, { once: true });
    }
    return running.follow(participant);
  }
}

class Running<T, E> {
  readonly done: Promise<T>;
  readonly #abort = new AbortController();
  readonly #participants = new Set<Participant<E>>();
  #last: { readonly event: E } | undefined;

  constructor(work: Work<T, E>) {
    this.done = work((event) => this.#tell(event), this.#abort.signal);
  }

  /** Aborts when nobody is left. */
  get abandoned(): AbortSignal {
    return this.#abort.signal;
  }

  async follow(participant: Participant<E>): Promise<T> {
    const { signal, report } = participant;
    this.#participants.add(participant);
    if (this.#last !== undefined) report(this.#last.event);
    const left = Promise.withResolvers<never>();
    const leave = (): void => left.reject(signal.reason);
    signal.addEventListener("abort", leave, { once: true });
    try {
      return await Promise.race([this.done, left.promise]);
    } finally {
      signal.removeEventListener("abort", leave);
      await this.#part(participant);
    }
  }

  /** The last one waits until the work has cleaned up behind itself. */
  async #part(participant: Participant<E>): Promise<void> {
    this.#participants.delete(participant);
    if (this.#participants.size > 0) return;
    this.#abort.abort(participant.signal.reason ?? new Error("context canceled"));
    await this.done.catch(() => undefined);
  }

  #tell(event: E): void {
    this.#last = { event };
    for (const { report } of this.#participants) report(event);
  }
}
