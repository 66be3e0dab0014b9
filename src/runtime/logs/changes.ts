/** Waiting for a directory to change, without missing a change between looking and waiting. */
import { watch } from "node:fs";

export interface Changes extends Disposable {
  /** Resolves once something has changed since the last call resolved, or the given signal or promise has come. */
  next(): Promise<void>;
}

/** `ended` and `signal` wake as well, and for good. */
export function watchChanges(directory: string, ended: Promise<void>, signal: AbortSignal): Changes {
  let pending = Promise.withResolvers<void>();
  const wake = (): void => pending.resolve();
  const watcher = watch(directory, wake);
  // A watch that ends, as with its directory, has nothing more to tell.
  watcher.on("error", wake);
  void ended.then(wake, wake);
  signal.addEventListener("abort", wake);
  return {
    async next() {
      await pending.promise;
      pending = Promise.withResolvers<void>();
    },
    [Symbol.dispose]() {
      signal.removeEventListener("abort", wake);
      watcher.close();
    },
  };
}
