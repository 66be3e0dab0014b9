/** The engine's side of the worker thread: one call per job, answered in the order of asking. The thread starts with the first call. */
import { EngineError, type ErrorKind, systemError } from "../../base/errors.ts";
import { OwnedFd } from "../../kernel/fd.ts";
import type {
  BridgePlan,
  FoundBridge,
  InterfacePlan,
  NamespaceChange,
  NamespacePlan,
  ParentPlan,
  UsedSubnet,
} from "./plan.ts";
import type { ChangedPort } from "./stale-flows.ts";

const FORWARDING_MS = 1000;
const LOOK_AGAIN_MS = 1;

export type Job =
  /** Nothing: the thread is there once it is done. */
  | { readonly do: "wake" }
  | { readonly do: "usedSubnets"; readonly except: string }
  | { readonly do: "isForwarding"; readonly port: string }
  | { readonly do: "portsOf"; readonly alias: string }
  | { readonly do: "findBridge"; readonly name: string }
  | { readonly do: "ensureBridge"; readonly plan: BridgePlan }
  | { readonly do: "deleteBridge"; readonly plan: BridgePlan }
  | { readonly do: "ensureParent"; readonly plan: ParentPlan }
  | { readonly do: "deleteParent"; readonly plan: ParentPlan }
  | { readonly do: "deletePair"; readonly hostName: string }
  | { readonly do: "createNamespace"; readonly plan: NamespacePlan }
  | { readonly do: "changeNamespace"; readonly path: string; readonly change: NamespaceChange }
  | { readonly do: "forgetFlows"; readonly ports: readonly ChangedPort[] }
  /** The thread's own descriptors, which would outlive it; the last job. */
  | { readonly do: "close" };

export interface Question {
  readonly id: number;
  readonly job: Job;
}

/** Namespaces are handed over as descriptors, which all threads of a process share. */
export interface Outcome {
  readonly fd?: number;
  readonly index?: number;
  readonly found?: boolean;
  readonly names?: readonly string[];
  readonly bridge?: FoundBridge;
  readonly subnets?: readonly UsedSubnet[];
}

export type Answer =
  | { readonly id: number; readonly outcome: Outcome }
  | { readonly id: number; readonly kind: ErrorKind; readonly message: string; readonly code: string };

/** What the thread could not do. `code` is that of the system call which failed, such as "EEXIST", or "". */
class NetworkFailure extends EngineError {
  readonly code: string;

  constructor(kind: ErrorKind, message: string, code: string) {
    super(kind, message);
    this.code = code;
  }
}

export class NetworkWorker {
  readonly #asked = new Map<number, PromiseWithResolvers<Outcome>>();
  #thread: Worker | undefined;
  #nextId = 0;

  /** What the machine's interfaces and routes use; one interface may be left out by name. */
  async usedSubnets(except = ""): Promise<readonly UsedSubnet[]> {
    return (await this.ask({ do: "usedSubnets", except })).subnets ?? [];
  }

  /** The ends of veth pairs that were made for the bridges whose alias begins so. */
  async portsOf(alias: string): Promise<readonly string[]> {
    return (await this.ask({ do: "portsOf", alias })).names ?? [];
  }

  /** Undefined when there is no such interface; a conflict when it is no bridge. */
  async findBridge(name: string): Promise<FoundBridge | undefined> {
    return (await this.ask({ do: "findBridge", name })).bridge;
  }

  /** Its index; undefined when it had to give way to an older interface with the same subnet. Idempotent. */
  async ensureBridge(plan: BridgePlan): Promise<number | undefined> {
    return (await this.ask({ do: "ensureBridge", plan })).index;
  }

  /** Its index. Idempotent. */
  async ensureParent(plan: ParentPlan): Promise<number> {
    return (await this.ask({ do: "ensureParent", plan })).index ?? 0;
  }

  /** Deletes it when we have made it. Idempotent. */
  async deleteParent(plan: ParentPlan): Promise<void> {
    await this.ask({ do: "deleteParent", plan });
  }

  /** Packets pass by its interfaces from the first moment. */
  async createNamespace(plan: NamespacePlan): Promise<OwnedFd> {
    const made = this.ask({ do: "createNamespace", plan });
    const forwarding = this.#untilForwarding(plan.interfaces);
    const { fd } = await made;
    if (fd === undefined) throw systemError("the network worker returned no namespace");
    const namespace = new OwnedFd(fd);
    await forwarding;
    return namespace;
  }

  /** `path` leads to the namespace of a container that lives. */
  async changeNamespace(path: string, change: NamespaceChange): Promise<void> {
    const changed = this.ask({ do: "changeNamespace", path, change });
    const forwarding = this.#untilForwarding(change.add === undefined ? [] : [change.add]);
    await changed;
    await forwarding;
  }

  /** Datagrams of clients that do not stop are led where these UDP ports lead now. */
  async forgetFlows(ports: readonly ChangedPort[]): Promise<void> {
    await this.ask({ do: "forgetFlows", ports });
  }

  /** Ends the thread once everything asked is answered. Idempotent. */
  async stop(): Promise<void> {
    const thread = this.#thread;
    if (thread === undefined) return;
    // Whoever asks meanwhile gets another thread.
    this.#thread = undefined;
    await this.#post(thread, { do: "close" });
    thread.terminate();
  }

  /**
   * Of interfaces that have been asked for: the thread goes from one job to the next without a pause. Never rejects, and gives up after a
   * while: it is a courtesy.
   */
  async #untilForwarding(interfaces: readonly InterfacePlan[]): Promise<void> {
    const ports = interfaces.flatMap(({ link }) => (link.kind === "bridge" ? [link.hostName] : []));
    const deadline = performance.now() + FORWARDING_MS;
    for (const port of ports) {
      while (performance.now() < deadline && !(await this.#isForwarding(port))) await Bun.sleep(LOOK_AGAIN_MS);
    }
  }

  async #isForwarding(port: string): Promise<boolean> {
    return this.ask({ do: "isForwarding", port }).then(
      ({ found }) => found === true,
      () => true,
    );
  }

  ask(job: Job): Promise<Outcome> {
    this.#thread ??= this.#startThread();
    return this.#post(this.#thread, job);
  }

  #post(thread: Worker, job: Job): Promise<Outcome> {
    const id = ++this.#nextId;
    const question: Question = { id, job };
    const asked = Promise.withResolvers<Outcome>();
    this.#asked.set(id, asked);
    thread.postMessage(question);
    return asked.promise;
  }

  #startThread(): Worker {
    const thread = new Worker(new URL("./worker.ts", import.meta.url), { smol: true });
    // It must not keep the process alive: an engine that is done ends.
    thread.unref();
    thread.onmessage = (event: MessageEvent<Answer>) => this.#settle(event.data);
    thread.onerror = (event) => {
      this.#thread = undefined;
      this.#refuseAll(`the network worker failed: ${event.message}`);
    };
    return thread;
  }

  #settle(answer: Answer): void {
    const asked = this.#asked.get(answer.id);
    this.#asked.delete(answer.id);
    if ("message" in answer) asked?.reject(new NetworkFailure(answer.kind, answer.message, answer.code));
    else asked?.resolve(answer.outcome);
  }

  #refuseAll(reason: string): void {
    for (const asked of this.#asked.values()) asked.reject(systemError(reason));
    this.#asked.clear();
  }
}
