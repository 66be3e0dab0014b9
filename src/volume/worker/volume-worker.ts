/** The engine's side of a volume worker: a thread for the length of one job, about 6 ms to start. */
import { systemError } from "../../base/errors.ts";
import type { Copied } from "../../files/copy-tree.ts";
import type { FromWorker, Job, Outcome, ToWorker } from "./protocol.ts";

export interface JobOptions {
  /** Aborting it stops the job at its next file. */
  readonly signal?: AbortSignal;
  /** Hears some ten times a second how far a copy is. */
  readonly onProgress?: (copied: Copied) => void;
}

/** Rejects with the worker's own words, once it has let go of its files. */
export async function runJob(job: Job, { signal, onProgress = () => undefined }: JobOptions = {}): Promise<Outcome> {
  const worker = new Worker(new URL("./volume-thread.ts", import.meta.url).href);
  const cancelled = new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT);
  const cancel = (): void => void Atomics.store(new Int32Array(cancelled), 0, 1);
  const { promise, resolve, reject } = Promise.withResolvers<Outcome>();
  worker.onerror = (event) => reject(systemError(`volume worker: ${event.message}`));
  worker.onmessage = ({ data }: MessageEvent<FromWorker>) => {
    if (data.type === "progress") onProgress(data.copied);
    else if (data.type === "done") resolve(data.outcome);
    else reject(systemError(data.message));
  };
  signal?.addEventListener("abort", cancel);
  if (signal?.aborted) cancel();
  try {
    const message: ToWorker = { job, cancelled };
    worker.postMessage(message);
    return await promise;
  } finally {
    signal?.removeEventListener("abort", cancel);
    worker.terminate();
  }
}
