/** The engine's side of the build threads, which hash and copy trees away from the event loop. Started when there is work, ended after a while without. */
import { notFound, systemError } from "../../base/errors.ts";
import type { ContentWanted } from "../tree.ts";
import type { ApplyJob, Failure, FromThread, Job, Outcome, ToThread } from "./protocol.ts";

const MAX_THREADS = 4;
const IDLE_MS = 10_000;

export class BuildThreads {
  readonly #threads: BuildThread[] = [];

  /** Throws notFound for a path that is not there. */
  async digest(root: string, wanted: ContentWanted): Promise<string> {
    const outcome = await this.#run({ kind: "digest", root, wanted });
    return outcome.kind === "digest" ? outcome.digest : unexpected();
  }

  async apply(job: Omit<ApplyJob, "kind">): Promise<void> {
    await this.#run({ kind: "apply", ...job });
  }

  /** Undefined when there is no such file. Links end inside the root. */
  async read(root: string, path: string, maxBytes: number): Promise<Uint8Array | undefined> {
    const outcome = await this.#run({ kind: "read", root, path, maxBytes });
    return outcome.kind === "read" ? outcome.bytes : unexpected();
  }

  /** `to` is an empty directory, and takes the attributes of `root` as well. */
  async copy(root: string, to: string): Promise<void> {
    await this.#run({ kind: "copy", root, to });
  }

  async sync(root: string): Promise<void> {
    await this.#run({ kind: "sync", root });
  }

  #run(job: Job): Promise<Outcome> {
    const [freest] = this.#threads.toSorted((a, b) => a.load - b.load);
    if (freest !== undefined && (freest.load === 0 || this.#threads.length === MAX_THREADS)) return freest.run(job);
    const thread = new BuildThread(() => this.#threads.splice(this.#threads.indexOf(thread), 1));
    this.#threads.push(thread);
    return thread.run(job);
  }
}

const unexpected = (): never => {
  throw systemError("a build thread answered another question");
};

class BuildThread {
  readonly #worker = new Worker(new URL("./thread.ts", import.meta.url), { smol: true });
  readonly #asked = new Map<number, PromiseWithResolvers<Outcome>>();
  readonly #gone: () => void;
  #nextId = 0;
  #idle: Timer | undefined;

  constructor(gone: () => void) {
    this.#gone = gone;
    this.#worker.unref();
    this.#worker.onmessage = ({ data }: MessageEvent<FromThread>) => this.#hear(data);
    this.#worker.onerror = ({ message }) => this.#fail(message);
  }

  get load(): number {
    return this.#asked.size;
  }

  run(job: Job): Promise<Outcome> {
    clearTimeout(this.#idle);
    const message: ToThread = { id: ++this.#nextId, job };
    const asked = Promise.withResolvers<Outcome>();
    this.#asked.set(message.id, asked);
    this.#worker.postMessage(message);
    return asked.promise;
  }

  #hear(message: FromThread): void {
    const asked = this.#asked.get(message.id);
    this.#asked.delete(message.id);
    if ("failure" in message) asked?.reject(toError(message.failure));
    else asked?.resolve(message.outcome);
    if (this.#asked.size === 0) this.#idle = setTimeout(() => this.#end(), IDLE_MS).unref();
  }

  #fail(reason: string): void {
    for (const asked of this.#asked.values()) asked.reject(systemError(`a build thread failed: ${reason}`));
    this.#asked.clear();
    this.#end();
  }

  #end(): void {
    this.#gone();
    this.#worker.terminate();
  }
}

function toError({ message, isMissing }: Failure): Error {
  return isMissing ? notFound(message) : systemError(message);
}
