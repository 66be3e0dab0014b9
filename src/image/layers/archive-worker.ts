/** The engine's side of the archive worker: a thread for the length of one load or import, about 6 ms to start. */
import { invalidParameter, systemError } from "../../base/errors.ts";
import type { ArchiveIndex, IndexRequest } from "../archive/index-archive.ts";
import type { UnpackedLayer, UnpackRequest } from "./unpack-layer.ts";
import type { FromWorker, Job, Outcome, ToWorker } from "./worker-protocol.ts";

interface Running {
  readonly outcome: PromiseWithResolvers<Outcome>;
  readonly onProgress: (bytes: number) => void;
}

/** Does one job at a time. Errors are invalidParameter when the archive is to blame, system otherwise. */
export class ArchiveWorker {
  readonly #worker: Worker;
  readonly #signal: AbortSignal;
  readonly #interrupt = (): void => this.#send({ type: "interrupt" });
  #running: Running | undefined;

  /** When `signal` aborts, the running job stops at its next chunk. */
  constructor(signal: AbortSignal) {
    this.#worker = new Worker(new URL("./archive-thread.ts", import.meta.url).href);
    this.#worker.onmessage = (event: MessageEvent<FromWorker>) => this.#hear(event.data);
    this.#signal = signal;
    signal.addEventListener("abort", this.#interrupt);
    if (signal.aborted) this.#interrupt();
    this.#worker.onerror = (event) => this.#fail(systemError(`archive worker: ${event.message}`));
  }

  async index(request: IndexRequest): Promise<ArchiveIndex> {
    const outcome = await this.#run({ kind: "index", request });
    return outcome.kind === "index" ? outcome.index : mixedUp(outcome);
  }

  /** `onProgress` hears how many of the source's bytes have been read, some ten times a second. */
  async unpack(request: UnpackRequest, onProgress: (bytes: number) => void): Promise<UnpackedLayer> {
    const outcome = await this.#run({ kind: "unpack", request }, onProgress);
    return outcome.kind === "unpack" ? outcome.layer : mixedUp(outcome);
  }

  /** Resolves once everything on the file system of `directory` is on disk. */
  async sync(directory: string): Promise<void> {
    await this.#run({ kind: "sync", directory });
  }

  /** Stops a running job, lets it close its files, and ends the thread. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#signal.removeEventListener("abort", this.#interrupt);
    this.#interrupt();
    await this.#running?.outcome.promise.catch(() => undefined);
    this.#worker.terminate();
  }

  #run(job: Job, onProgress: (bytes: number) => void = () => undefined): Promise<Outcome> {
    const outcome = Promise.withResolvers<Outcome>();
    this.#running = { outcome, onProgress };
    this.#send({ type: "job", job });
    return outcome.promise;
  }

  #send(message: ToWorker): void {
    this.#worker.postMessage(message);
  }

  #hear(message: FromWorker): void {
    if (message.type === "progress") this.#running?.onProgress(message.bytes);
    else if (message.type === "result") this.#finish()?.resolve(message.outcome);
    else this.#fail(message.archive ? invalidParameter(message.message) : systemError(message.message));
  }

  #fail(error: Error): void {
    this.#finish()?.reject(error);
  }

  #finish(): PromiseWithResolvers<Outcome> | undefined {
    const outcome = this.#running?.outcome;
    this.#running = undefined;
    return outcome;
  }
}

function mixedUp(outcome: Outcome): never {
  throw systemError(`archive worker answered with ${outcome.kind}`);
}
