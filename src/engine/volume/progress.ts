/** How far a copy is, as lines for the client. */
import type { Copied } from "../../files/copy-tree.ts";
import type { ProgressLine } from "../../wire/image.ts";

export interface Task {
  /** What the lines are about. */
  readonly id: string;
  readonly status: string;
  /** As far as it is known. */
  readonly totalBytes: number;
  readonly run: (onProgress: (copied: Pick<Copied, "bytes">) => void) => Promise<void>;
}

/** Ends with the task, and fails with it. Only the latest news is told to a client that is slow. */
export async function* progressOf({ id, status, totalBytes, run }: Task): AsyncGenerator<ProgressLine> {
  const news: { bytes: number | undefined; over: boolean; wake: () => void } = {
    bytes: undefined,
    over: false,
    wake: () => undefined,
  };
  const finished = run(({ bytes }) => {
    news.bytes = bytes;
    news.wake();
  }).finally(() => {
    news.over = true;
    news.wake();
  });
  // Looked at below, once everything before has been told.
  finished.catch(() => undefined);
  while (!news.over) {
    const { promise, resolve } = Promise.withResolvers<void>();
    news.wake = resolve;
    if (news.bytes === undefined) await promise;
    if (news.bytes === undefined) continue;
    const current = news.bytes;
    news.bytes = undefined;
    yield { id, status, progressDetail: { current, total: Math.max(current, totalBytes) } };
  }
  await finished;
}
