/**
 * Deletes interfaces of the host in threads of their own. The kernel takes an interface out of its lists at once, from where on nobody finds
 * it, and keeps whoever deletes it waiting until every processor has noticed (unregister_netdevice_many, netdev_run_todo). Names are looked
 * up without the lock that it holds meanwhile, and whoever makes another interface waits for the lock. It has let the lock go before its
 * longest wait, so that the next interface can be deleted by another thread.
 */
import { hasInterface } from "../../kernel/interface-index.ts";
import type { BridgePlan } from "./plan.ts";
import { type Job, NetworkWorker } from "./worker-client.ts";

const LOOK_AGAIN_MS = 1;
/** One that goes alone is gone in less than a timer can tell. */
const LOOKING_ON_MS = 2;
/** Nobody deletes anything most of the time, and a thread has its price. */
const IDLE_MS = 30_000;

interface Thread {
  readonly worker: NetworkWorker;
  state: "asleep" | "waking" | "awake";
  /** What it has been asked to delete. */
  jobs: number;
}

export class LinkRemover {
  readonly #others: NetworkWorker;
  readonly #threads: readonly Thread[] = Array.from({ length: 2 }, () => {
    return { worker: new NetworkWorker(), state: "asleep", jobs: 0 };
  });
  readonly #deletions = new Set<Promise<void>>();
  #idle: Timer | undefined;

  /** `others` does what must not wait until a thread has started. */
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

  /** Resolves once every deletion is over, and the threads with it. */
  async stop(): Promise<void> {
    await Promise.allSettled(this.#deletions);
    await this.#sleep();
  }

  /** Resolves as soon as the interface cannot be found, rejects when it cannot be deleted. */
  async #delete(name: string, job: Job): Promise<void> {
    clearTimeout(this.#idle);
    let over = false;
    const deletion = this.#ask(job);
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

  /** Asks a thread that has nothing to do; when there is none, the next will find one more awake. */
  async #ask(job: Job): Promise<void> {
    const [thread] = this.#threads.filter(({ state }) => state === "awake").sort((a, b) => a.jobs - b.jobs);
    if (thread === undefined || thread.jobs > 0) this.#wakeOne();
    if (thread === undefined) return void (await this.#others.ask(job));
    thread.jobs++;
    try {
      await thread.worker.ask(job);
    } finally {
      thread.jobs--;
    }
  }

  #wakeOne(): void {
    if (this.#threads.some(({ state }) => state === "waking")) return;
    const thread = this.#threads.find(({ state }) => state === "asleep");
    if (thread === undefined) return;
    thread.state = "waking";
    void thread.worker.ask({ do: "wake" }).then(
      () => {
        if (thread.state === "waking") thread.state = "awake";
      },
      () => {
        thread.state = "asleep";
      },
    );
  }

  #rest(): void {
    clearTimeout(this.#idle);
    this.#idle = setTimeout(() => void this.#sleep(), IDLE_MS).unref();
  }

  async #sleep(): Promise<void> {
    clearTimeout(this.#idle);
    for (const thread of this.#threads) thread.state = "asleep";
    await Promise.all(this.#threads.map(({ worker }) => worker.stop()));
  }
}
