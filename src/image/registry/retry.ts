/** Trying again after what may pass: longer pauses each time, as long as the registry asks when it does. */
import { RegistryError } from "./registry-error.ts";

export interface RetryOptions {
  /** Tries in all. */
  readonly attempts: number;
  readonly signal: AbortSignal;
  /** Before the first repetition; doubled before each further one. */
  readonly firstPauseMs: number;
  /** Hears how long it will be until the next try, once a second. */
  readonly onPause?: (seconds: number) => void;
}

const LONGEST_PAUSE_MS = 30_000;
/** Whoever asks for more patience than this is told to the user in place of being waited for. */
const LONGEST_RETRY_AFTER_MS = 120_000;

/** Only errors that are transient are tried again. `action` is told how many tries have failed before. */
export async function retrying<T>(action: (failed: number) => Promise<T>, options: RetryOptions): Promise<T> {
  for (let failed = 0; ; ) {
    try {
      return await action(failed);
    } catch (error) {
      failed++;
      const pauseMs = failed < options.attempts ? pauseAfter(error, failed, options) : undefined;
      if (pauseMs === undefined) throw error;
      await pause(pauseMs, options);
    }
  }
}

/** How long to wait after an error; undefined when waiting does not help. */
export function pauseAfter(error: unknown, failed: number, { signal, firstPauseMs }: RetryOptions): number | undefined {
  if (signal.aborted || !(error instanceof RegistryError) || !error.transient) return undefined;
  const { retryAfterMs } = error;
  if (retryAfterMs !== undefined && retryAfterMs > LONGEST_RETRY_AFTER_MS) return undefined;
  const backoffMs = Math.min(LONGEST_PAUSE_MS, firstPauseMs * 2 ** (failed - 1));
  // Many clients that were cut off together do not come back together.
  return Math.max(retryAfterMs ?? 0, backoffMs * (0.5 + Math.random() / 2));
}

/** Waits, counting down aloud. Rejects when the signal aborts. */
export async function pause(ms: number, { signal, onPause }: Pick<RetryOptions, "signal" | "onPause">): Promise<void> {
  for (let left = ms; left > 0; left -= 1000) {
    onPause?.(Math.ceil(left / 1000));
    await sleep(Math.min(1000, left), signal);
  }
}

function sleep(ms: number, signal: AbortSignal): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const onAbort = (): void => {
    clearTimeout(timer);
    reject(signal.reason);
  };
  const timer = setTimeout(() => {
    signal.removeEventListener("abort", onAbort);
    resolve();
  }, ms);
  if (signal.aborted) onAbort();
  else signal.addEventListener("abort", onAbort, { once: true });
  return promise;
}
