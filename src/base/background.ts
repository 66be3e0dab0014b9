/** Work that outlives the request that caused it, such as clean-up off the hot path. Shutdown waits for it. */

import { messageOf } from "./errors.ts";
import type { Logger } from "./log.ts";

export class Background {
  readonly #running = new Set<Promise<void>>();
  readonly #log: Logger;

  constructor(log: Logger) {
    this.#log = log;
  }

  /** Runs `work` now; a failure is logged under `event`, since nobody waits for it. */
  run(event: string, work: () => Promise<void>): void {
    const task = work().catch((error: unknown) => this.#log.error(event, { error: messageOf(error) }));
    this.#running.add(task);
    void task.finally(() => this.#running.delete(task));
  }

  /** Resolves once nothing runs any more, work begun meanwhile included. */
  async idle(): Promise<void> {
    while (this.#running.size > 0) await Promise.all(this.#running);
  }
}
