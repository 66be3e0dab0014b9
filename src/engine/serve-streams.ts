/** Joins a client to a process's monitor until the output ends, the client leaves, or it types the detach keys. */
import type { Duplex } from "../base/duplex.ts";
import { copy } from "../base/duplex.ts";
import { createDetachScanner } from "./container/detach-keys.ts";

export interface ServedStreams {
  readonly peer: Duplex;
  readonly process: Duplex;
  readonly stdin: boolean;
  /** Undefined without a terminal: the sequence is then ordinary input. */
  readonly detachKeys: Uint8Array | undefined;
}

/** How it ended. */
export type ServeEnd = "finished" | "detached" | "left";

/** The client's connection stays open: the caller ends it when everything it waits for is recorded. */
export async function serveStreams(streams: ServedStreams): Promise<ServeEnd> {
  const { peer, process, stdin } = streams;
  const { promise: detached, resolve: detach } = Promise.withResolvers<ServeEnd>();
  const output = copy(process.readable, peer).then(
    (): ServeEnd => "finished",
    (): ServeEnd => "left",
  );
  if (stdin) void forwardInput(streams, () => detach("detached"));
  const left = peer.closed.then((): ServeEnd => "left");
  const end = await Promise.race([output, detached, left]);
  process.close();
  return end;
}

/** The client's half-close becomes the process's. Errors here mean that one side is gone, which the output notices. */
async function forwardInput({ peer, process, detachKeys }: ServedStreams, onDetach: () => void): Promise<void> {
  const scan = detachKeys === undefined ? undefined : createDetachScanner(detachKeys);
  try {
    for await (const chunk of peer.readable) {
      const { pass, detached } = scan?.(chunk) ?? { pass: chunk, detached: false };
      if (pass.length > 0) await process.write(pass);
      if (detached) return onDetach();
    }
    process.end();
  } catch {
    process.close();
  }
}
