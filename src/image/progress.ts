/** From work that reports lines to a stream of lines, as the API sends them. */
import { messageOf } from "../base/errors.ts";
import type { ProgressLine } from "../wire/image.ts";

export type Report = (line: ProgressLine) => void;

/**
 * Runs `work` when the first line is asked for. A failure ends the stream with an error line, as Docker's streams do. A
 * reader that leaves early aborts `signal`, and waits until the work has cleaned up.
 */
export async function* reportLines(
  work: (report: Report, signal: AbortSignal) => Promise<void>,
): AsyncGenerator<ProgressLine> {
  const lines: ProgressLine[] = [];
  const abort = new AbortController();
  let wake = Promise.withResolvers<void>();
  let done = false;
  const report: Report = (line) => {
    lines.push(line);
    wake.resolve();
  };
  const running = work(report, abort.signal)
    .catch((error: unknown) => report(errorLine(error)))
    .finally(() => {
      done = true;
      wake.resolve();
    });
  try {
    while (!done || lines.length > 0) {
      const line = lines.shift();
      if (line !== undefined) yield line;
      else {
        await wake.promise;
        wake = Promise.withResolvers<void>();
      }
    }
  } finally {
    abort.abort(new Error("context canceled"));
    await running;
  }
}

function errorLine(error: unknown): ProgressLine {
  const message = messageOf(error);
  return { errorDetail: { message }, error: message };
}

/** Clients draw the bar themselves from the numbers. */
export function layerProgress(id: string, current: number, total: number): ProgressLine {
  return { status: "Loading layer", progressDetail: { current, total }, id };
}
