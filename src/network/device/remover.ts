/**
 * Deletes interfaces of the host in a thread of its own. The kernel takes an interface out of its lists at once, from where on nobody finds
 * it, and keeps whoever deletes it waiting until every processor has noticed (unregister_netdevice_many, netdev_run_todo). Names are looked
 * up without the lock that it holds meanwhile, and whoever makes another interface waits for the lock.
 */
import { hasInterface } from "../../kernel/interface-index.ts";
import type { BridgePlan } from "./plan.ts";
import { type Job, NetworkWorker } from "./worker-client.ts";

const LOOK_AGAIN_MS = 1;
/** One that goes alone is gone in less than a timer can tell. */
const LOOKING_ON_MS = 2;
/** Nobody deletes anything most of the time, and a thread has its price. */
const IDLE_MS = 30_000;

export class LinkRemover {
  readonly #others: NetworkWorker;
  readonly #own = new NetworkWorker();
  readonly #deletions = new Set<Promise<void>>();
  #state: "asleep" | "waking" | "awake" = "asleep";
  #idle: Timer | undefined;

  /** `others` does what must not wait until the thread has started. */
  constructor(others: NetworkWorker) {
    this.#others = others;
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
    await Promise.allSettled(this.#deletions);
    await this.#sleep();
  }

  /** Resolves as soon as the interface cannot be found, rejects when it cannot be deleted. */
  async #delete(name: string, job: Job): Promise<void> {
    clearTimeout(this.#idle);
    let over = false;
    const deletion = (this.#state === "awake" ? this.#own : this.#others).ask(job).then(() => undefined);
    this.#wake();
    const settled: Promise<void> = deletion
      .catch(() => undefined)
      .then(() => {
        over = true;
        this.#deletions.delete(settled);
        if (this.#deletions.size === 0) this.#rest();
      });
    this.#deletions.add(settled);
    const since = performance.now();
    while (!over && hasInterface(name)) {
      const looksOn = this.#deletions.size === 1 && performance.now() - since < LOOKING_ON_MS;
      await (looksOn ? new Promise(setImmediate) : Bun.sleep(LOOK_AGAIN_MS));
    }
    if (over) await deletion;
  }

  #wake(): void {
    if (this.#state !== "asleep") return;
    this.#state = "waking";
    void this.#own.ask({ do: "wake" }).then(
      () => {
        if (this.#state === "waking") this.#state = "awake";
      },
      () => {
        this.#state = "asleep";
      },
    );
  }

  #rest(): void {
    clearTimeout(this.#idle);
    this.#idle = setTimeout(() => void this.#sleep(), IDLE_MS).unref();
  }

  #sleep(): Promise<void> {
    clearTimeout(this.#idle);
    this.#state = "asleep";
    return this.#own.stop();
  }
}
