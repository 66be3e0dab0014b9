/** The containers that `stats` shows: each has a stream of samples of its own, and keeps the last one. */
import type { Client } from "../../client/client.ts";
import { toUsage, type Usage } from "./usage.ts";

/** What is known of a container; without `usage` nothing, or nothing any more. */
export interface Watched {
  /** As it was asked for. */
  readonly container: string;
  readonly id: string;
  readonly name: string;
  readonly usage: Usage | undefined;
}

export class StatsBoard {
  readonly #client: Client;
  readonly #stream: boolean;
  readonly #watched = new Map<string, Watched>();
  readonly #aborters = new Map<string, AbortController>();

  /** Without `stream` every container gives one sample. */
  constructor(client: Client, stream: boolean) {
    this.#client = client;
    this.#stream = stream;
  }

  /** In the order in which they were added. */
  get rows(): readonly Watched[] {
    return [...this.#watched.values()];
  }

  /** Resolves with the first sample. Rejects when there is none. Adding twice is once. */
  async add(container: string): Promise<void> {
    if (this.#watched.has(container)) return;
    this.#watched.set(container, { container, id: "", name: "", usage: undefined });
    const aborter = new AbortController();
    this.#aborters.set(container, aborter);
    const samples = this.#client.containers.stats(container, { stream: this.#stream, signal: aborter.signal });
    const first = await samples.next();
    if (first.done !== true) this.#note(container, first.value);
    void this.#follow(container, samples);
  }

  /** Forgets a container by what it was added as, or by its id. */
  remove(id: string): void {
    for (const [container, watched] of this.#watched) {
      if (container !== id && watched.id !== id) continue;
      this.#watched.delete(container);
      this.#aborters.get(container)?.abort(new Error("no longer watched"));
    }
  }

  async #follow(container: string, samples: AsyncIterable<Parameters<typeof toUsage>[0]>): Promise<void> {
    try {
      for await (const sample of samples) this.#note(container, sample);
    } catch {
      // The container, the engine or the interest in it is gone: its row says so.
    }
    const last = this.#watched.get(container);
    if (this.#stream && last !== undefined) this.#watched.set(container, { ...last, usage: undefined });
  }

  #note(container: string, sample: Parameters<typeof toUsage>[0]): void {
    if (!this.#watched.has(container)) return;
    const name = sample.name.replace(/^\//, "");
    this.#watched.set(container, { container, id: sample.id, name, usage: toUsage(sample) });
  }
}
