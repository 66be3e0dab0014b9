/** Async iterators that know when they are done with. */

/**
 * The same items; `finish` runs once, when they have ended, failed, or are no longer wanted, also when none was ever asked for,
 * which a generator's `finally` does not see.
 */
export function finishing<T>(source: AsyncIterable<T>, finish: () => Promise<void> | void): AsyncIterableIterator<T> {
  const iterator = source[Symbol.asyncIterator]();
  let finished = false;
  const finishOnce = async (): Promise<void> => {
    if (finished) return;
    finished = true;
    await finish();
  };
  return {
    [Symbol.asyncIterator]() {
      return this;
    },
    async next() {
      try {
        const item = await iterator.next();
        if (item.done === true) await finishOnce();
        return item;
      } catch (error) {
        await finishOnce();
        throw error;
      }
    },
    async return() {
      try {
        await iterator.return?.();
      } finally {
        await finishOnce();
      }
      return { done: true, value: undefined };
    },
  };
}
