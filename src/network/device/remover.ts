/**
 * Deletes interfaces of the host in a thread of its own. The kernel keeps whoever deletes one waiting long after nobody can see it any
 * more (rcu_barrier in netdev_run_todo), so that asking elsewhere whether it is gone is several times quicker than to wait for the deletion.
 */

import type { BridgePlan } from "./plan.ts";
import { type Job, NetworkWorker } from "./worker-client.ts";

const LOOK_AGAIN_MS = 1;
/** Nobody deletes anything most of the time, and a thread has its price. */
const IDLE_MS = 10_000;

export class LinkRemover {
  readonly #worker: NetworkWorker;
  readonly #thread = new NetworkWorker();
  readonly #deletions = new Set<Promise<void>>();
  #idle: Timer | undefined;

  /** `worker` is asked whether interfaces are gone. */
  constructor(worker: NetworkWorker) {
    this.#worker = worker;
  }

  /** A veth pair, by its end on the host. Idempotent. */
  deletePair(hostName: string): Promise<void> {
    return this.#delete(hostName, { do: "deletePair", hostName });
  }

  /** With everything that is on it; one that is not ours stays, without our interfaces. Idempotent. */
  deleteBridge(plan: BridgePlan): Promise<void> {
    return this.#delete(plan.name, { do: "deleteBridge", plan });
  }

  /** Resolves once every deletion is over, and the thread with it. */
  async stop(): Promise<void> {
    clearTimeout(this.#idle);
    await Promise.allSettled(this.#deletions);
    await this.#thread.stop();
  }

  /** Resolves as soon as the interface cannot be seen, rejects when it cannot be deleted. */
  async #delete(name: string, job: Job): Promise<void> {
    clearTimeout(this.#idle);
    let over = false;
    const deletion = this.#thread.ask(job).then(() => undefined);
    const settled: Promise<void> = deletion
      .catch(() => undefined)
      .then(() => {
        over = true;
        this.#deletions.delete(settled);
        if (this.#deletions.size === 0) this.#rest();
      });
    this.#deletions.add(settled);
    while (!over && (await this.#worker.hasLink(name))) await Bun.sleep(LOOK_AGAIN_MS);
    if (over) await deletion;
  }

  #rest(): void {
    clearTimeout(this.#idle);
    this.#idle = setTimeout(() => void this.#thread.stop(), IDLE_MS).unref();
  }
}
