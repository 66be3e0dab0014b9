/** Attach, wait, start, in this order, so that no output and no exit is missed; then everything until the container's end. */
import type { Client } from "../../client/client.ts";
import type { AttachOptions } from "../../client/containers.ts";
import type { Io } from "../io.ts";
import { exitCodeOf } from "./exit.ts";
import { followSize, forwardSignals, joinStreams } from "./streams.ts";

export interface AttachedStart {
  readonly id: string;
  readonly streams: Readonly<Required<Pick<AttachOptions, "stdin" | "stdout" | "stderr" | "detachKeys">>>;
  readonly tty: boolean;
  readonly proxiesSignals: boolean;
  /** Whether it is removed when it ends, which is then waited for. */
  readonly autoRemove: boolean;
  /** Says what a failed start means. */
  readonly failure: (error: unknown) => unknown;
}

/** The container's exit code, or 0 once the user detached. What there is to set up here is done while the engine works. */
export async function startAttached(io: Io, { containers }: Client, options: AttachedStart): Promise<number> {
  const { id, tty, streams } = options;
  using listeners = new DisposableStack();
  const attaching = Promise.all([
    containers.attach(id, streams),
    containers.wait(id, options.autoRemove ? "removed" : "next-exit"),
  ]);
  if (options.proxiesSignals) listeners.use(forwardSignals(io, (signal) => containers.kill(id, signal)));
  const [{ stream }, { exit }] = await attaching;
  const starting = containers.start(id);
  const joined = joinStreams(io, stream, { stdin: streams.stdin, tty, detachKeys: streams.detachKeys });
  // Its failure is told when it is awaited, after the start.
  joined.catch(() => undefined);
  try {
    await starting;
  } catch (error) {
    stream.close();
    await joined;
    if (options.autoRemove) await exit.catch(() => undefined);
    throw options.failure(error);
  }
  if (tty) listeners.use(followSize(io, (rows, columns) => containers.resize(id, rows, columns)));
  return (await joined) === "detached" ? 0 : exitCodeOf(io, exit);
}
