/**
 * The engine's side of the archive workers: one thread a processor, begun when there is work (6 ms) and ended soon after. Each
 * takes several jobs at once, since those whose source is still being downloaded mostly wait.
 */
import { availableParallelism } from "node:os";
import { invalidParameter, systemError } from "../../base/errors.ts";
import type { Slice } from "../../files/compression.ts";
import type { ArchiveIndex, IndexRequest } from "../archive/index-archive.ts";
import type { DiffJob } from "../diff/diff-job.ts";
import type { BlockFormat } from "./compress-block.ts";
import type { LinkJob } from "./link-below.ts";
import type { GrowingFile } from "./source.ts";
import type { LayerFacts, StageJob } from "./stage-layer.ts";
import type { StoredJob } from "./stored-layer.ts";
import type { FromWorker, Job, Outcome, ToWorker } from "./worker-protocol.ts";

const NEVER = new AbortController().signal;
const JOBS_PER_THREAD = 2;
const IDLE_MS = 1000;

export interface JobControl {
  /** Aborting stops the job at its next chunk. */
  readonly signal: AbortSignal;
  /** How many of the source's bytes have been read, some ten times a second. */
  readonly onProgress?: (bytes: number) => void;
  /** Tells how much of the job's source is there. */
  readonly growing?: GrowingFile;
}

/** Errors are invalidParameter when the archive is to blame, system otherwise. */
export class ArchiveWorkers {
  readonly #threads = new Set<Thread>();
  readonly #waiting: (() => void)[] = [];
  #lastJob = 0;

  async index(request: IndexRequest, signal: AbortSignal): Promise<ArchiveIndex> {
    const outcome = await this.#run({ kind: "index", request }, { signal });
    return outcome.kind === "index" ? outcome.value : mixedUp(outcome);
  }

  async stage(request: StageJob, control: JobControl): Promise<LayerFacts> {
    const outcome = await this.#run({ kind: "stage", request }, control);
    return outcome.kind === "stage" ? outcome.value : mixedUp(outcome);
  }

  /** What is wrong with a stored layer; undefined when nothing is. */
  async verify(request: StoredJob, diffId: string, control: JobControl): Promise<string | undefined> {
    const outcome = await this.#run({ kind: "verify", request, diffId }, control);
    return outcome.kind === "verify" ? outcome.value : mixedUp(outcome);
  }

  /** Writes the files of a stored layer out. */
  async extract(request: StoredJob): Promise<void> {
    await this.#run({ kind: "extract", request }, { signal: NEVER });
  }

  async link(request: LinkJob): Promise<void> {
    await this.#run({ kind: "link", request }, { signal: NEVER });
  }

  /** A stretch of a layer's tar as a gzip member or a zstd frame. */
  async compress(slice: Slice, format: BlockFormat, signal: AbortSignal): Promise<Uint8Array<ArrayBuffer>> {
    const outcome = await this.#run({ kind: "compress", slice, format }, { signal });
    return outcome.kind === "compress" ? outcome.value : mixedUp(outcome);
  }

  /** How two images differ, as JSON. */
  async diff(request: DiffJob, signal: AbortSignal): Promise<Uint8Array<ArrayBuffer>> {
    const outcome = await this.#run({ kind: "diff", request }, { signal });
    return outcome.kind === "diff" ? outcome.value : mixedUp(outcome);
  }

  async #run(job: Job, control: JobControl): Promise<Outcome> {
    const thread = await this.#leastBusy();
    try {
      return await thread.run(++this.#lastJob, job, control);
    } finally {
      this.#waiting.shift()?.();
    }
  }

  async #leastBusy(): Promise<Thread> {
    for (;;) {
      const [best] = [...this.#threads].sort((a, b) => a.jobs - b.jobs);
      const mayStart = this.#threads.size < availableParallelism();
      if (best === undefined || (best.jobs > 0 && mayStart)) return this.#start();
      if (best.jobs < JOBS_PER_THREAD) return best;
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
  }

  #start(): Thread {
    const thread: Thread = new Thread(() => this.#threads.delete(thread));
    this.#threads.add(thread);
    return thread;
  }
}

interface Running {
  readonly outcome: PromiseWithResolvers<Outcome>;
  readonly onProgress: (bytes: number) => void;
  /** Why it was interrupted: what its caller gets once the worker has let go of its files. */
  interruption: Error | undefined;
}

class Thread {
  readonly #worker: Worker;
  readonly #running = new Map<number, Running>();
  readonly #onEnd: () => void;
  #idle: ReturnType<typeof setTimeout> | undefined;

  constructor(onEnd: () => void) {
    this.#onEnd = onEnd;
    this.#worker = new Worker(new URL("./archive-thread.ts", import.meta.url).href, { smol: true });
    this.#worker.onmessage = (event: MessageEvent<FromWorker>) => this.#hear(event.data);
    this.#worker.onerror = (event) => this.#break(systemError(`archive worker: ${event.message}`));
  }

  get jobs(): number {
    return this.#running.size;
  }

  async run(id: number, job: Job, { signal, growing, onProgress = () => undefined }: JobControl): Promise<Outcome> {
    clearTimeout(this.#idle);
    this.#worker.ref();
    const outcome = Promise.withResolvers<Outcome>();
    this.#running.set(id, { outcome, onProgress, interruption: undefined });
    const abort = (): void => this.#interrupt(id, signal.reason);
    signal.addEventListener("abort", abort);
    this.#send({ type: "job", id, job });
    if (signal.aborted) abort();
    if (growing !== undefined) void this.#follow(id, growing);
    try {
      return await outcome.promise;
    } finally {
      signal.removeEventListener("abort", abort);
      this.#rest();
    }
  }

  /** Passes on what arrives, until the source is whole or its job has ended. Never rejects: a failure becomes the job's. */
  async #follow(id: number, { available }: GrowingFile): Promise<void> {
    using steps = new Steps((bytes) => this.#send({ type: "arrived", id, arrived: { bytes, whole: false } }));
    let bytes = 0;
    try {
      for await (bytes of available) {
        if (!this.#running.has(id)) return;
        steps.reached(bytes);
      }
      this.#send({ type: "arrived", id, arrived: { bytes, whole: true } });
    } catch (error) {
      this.#interrupt(id, error);
    }
  }

  #interrupt(id: number, reason: unknown): void {
    const running = this.#running.get(id);
    if (running === undefined) return;
    running.interruption ??= reason instanceof Error ? reason : new Error(String(reason));
    this.#send({ type: "interrupt", id });
  }

  #rest(): void {
    if (this.#running.size > 0) return;
    this.#worker.unref();
    this.#idle = setTimeout(() => this.#end(), IDLE_MS);
    this.#idle.unref();
  }

  #end(): void {
    this.#onEnd();
    this.#worker.terminate();
  }

  #send(message: ToWorker): void {
    this.#worker.postMessage(message);
  }

  #hear(message: FromWorker): void {
    const running = this.#running.get(message.id);
    if (running === undefined) return;
    if (message.type === "progress") return running.onProgress(message.bytes);
    this.#running.delete(message.id);
    if (message.type === "result") running.outcome.resolve(message.outcome);
    else running.outcome.reject(running.interruption ?? toError(message));
  }

  /** The thread itself has failed, and with it all that it was doing. */
  #break(error: Error): void {
    for (const { outcome } of this.#running.values()) outcome.reject(error);
    this.#running.clear();
    this.#end();
  }
}

/** What a worker takes in at once. */
const STEP_BYTES = 256 * 1024;
const STEP_MS = 20;

/** Tells of growth in steps that are worth a worker's while, and of what is less a moment later. */
class Steps implements Disposable {
  readonly #tell: (bytes: number) => void;
  #bytes = 0;
  #told = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(tell: (bytes: number) => void) {
    this.#tell = tell;
  }

  reached(bytes: number): void {
    this.#bytes = bytes;
    if (bytes - this.#told >= STEP_BYTES) this.#flush();
    else this.#timer ??= setTimeout(() => this.#flush(), STEP_MS);
  }

  #flush(): void {
    this[Symbol.dispose]();
    this.#told = this.#bytes;
    this.#tell(this.#bytes);
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }
}

const toError = ({ message, archive }: { message: string; archive: boolean }): Error =>
  archive ? invalidParameter(message) : systemError(message);

function mixedUp(outcome: Outcome): never {
  throw systemError(`archive worker answered with ${outcome.kind}`);
}
