/** Layers that somebody uses just now, counted: a layer may be deleted when its last user has let go of it. */
import type { Digest } from "../reference.ts";

export class Pins {
  readonly #counts = new Map<Digest, number>();

  has(diffId: Digest): boolean {
    return this.#counts.has(diffId);
  }

  /** Lets go once, however often the returned call is made. */
  add(diffIds: readonly Digest[]): () => void {
    for (const diffId of diffIds) this.#counts.set(diffId, (this.#counts.get(diffId) ?? 0) + 1);
    let held = true;
    return () => {
      if (held) for (const diffId of diffIds) this.#drop(diffId);
      held = false;
    };
  }

  #drop(diffId: Digest): void {
    const left = (this.#counts.get(diffId) ?? 0) - 1;
    if (left > 0) this.#counts.set(diffId, left);
    else this.#counts.delete(diffId);
  }
}
