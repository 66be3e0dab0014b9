/** The engine's side of the worker thread: one call per job, answered in the order of asking. The thread starts with the first call. */
import { systemError } from "../base/errors.ts";
import { OwnedFd } from "../kernel/fd.ts";
import type { Bridge } from "./bridge.ts";

export type Job =
  | { readonly do: "ensureBridge"; readonly name: string; readonly subnet: string | undefined }
  | { readonly do: "deleteBridge"; readonly name: string }
  | { readonly do: "createBare" }
  | { readonly do: "createBridged"; readonly bridge: Bridge; readonly address: string }
  /** The thread's own descriptors, which would outlive it; the last job. */
  | { readonly do: "close" };

export interface Question {
  readonly id: number;
  readonly job: Job;
}

/** Namespaces are handed over as descriptors, which all threads of a process share. */
export interface Outcome {
  readonly bridge?: Bridge;
  readonly fd?: number;
}

export type Answer =
  | { readonly id: number; readonly outcome: Outcome }
  | { readonly id: number; readonly error: string };

export class NetworkWorker {
  readonly #asked = new Map<number, PromiseWithResolvers<Outcome>>();
  #thread: Worker | undefined;
  #nextId = 0;

  async ensureBridge(name: string, subnet: string | undefined): Promise<Bridge> {
    const { bridge } = await this.#ask({ do: "ensureBridge", name, subnet });
    if (bridge === undefined) throw systemError("the network worker returned no bridge");
    return bridge;
  }

  async deleteBridge(name: string): Promise<void> {
    await this.#ask({ do: "deleteBridge", name });
  }

  /** A namespace with loopback only. */
  createBare(): Promise<OwnedFd> {
    return this.#createNetns({ do: "createBare" });
  }

  /** A namespace on the bridge, with this address. */
  createBridged(bridge: Bridge, address: string): Promise<OwnedFd> {
    return this.#createNetns({ do: "createBridged", bridge, address });
  }

  /** Ends the thread once everything asked is answered. Idempotent. */
  async stop(): Promise<void> {
    const thread = this.#thread;
    if (thread === undefined) return;
    await this.#ask({ do: "close" });
    thread.terminate();
    this.#thread = undefined;
  }

  async #createNetns(job: Job): Promise<OwnedFd> {
    const { fd } = await this.#ask(job);
    if (fd === undefined) throw systemError("the network worker returned no namespace");
    return new OwnedFd(fd);
  }

  #ask(job: Job): Promise<Outcome> {
    const id = ++this.#nextId;
    const question: Question = { id, job };
    const asked = Promise.withResolvers<Outcome>();
    this.#asked.set(id, asked);
    this.#thread ??= this.#startThread();
    this.#thread.postMessage(question);
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
    if ("error" in answer) asked?.reject(systemError(answer.error));
    else asked?.resolve(answer.outcome);
  }

  #refuseAll(reason: string): void {
    for (const asked of this.#asked.values()) asked.reject(systemError(reason));
    this.#asked.clear();
  }
}
