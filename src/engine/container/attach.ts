/** Attaching clients to a container: at once when it runs, at its start when it does not yet. */
import { copy, type Duplex } from "../../base/duplex.ts";
import { type EngineContext, tell } from "../context.ts";
import * as messages from "../messages.ts";
import type { MonitorHandle } from "../ports.ts";
import { serveStreams } from "../serve-streams.ts";
import type { Container, PendingAttach } from "./container.ts";
import { parseDetachKeys } from "./detach-keys.ts";
import { readContainerLogs } from "./logs.ts";

export interface AttachOptions {
  readonly logs: boolean;
  readonly stream: boolean;
  readonly stdin: boolean;
  readonly stdout: boolean;
  readonly stderr: boolean;
  readonly detachKeys: string;
}

/** Refuses before the connection is taken over. `ref` is the client's word for it. */
export function checkAttachable(container: Container, ref: string): { tty: boolean } {
  if (container.phase.at === "paused") throw messages.attachPaused(ref);
  if (container.phase.at === "restarting") throw messages.attachRestarting(ref);
  return { tty: container.spec.config.Tty };
}

/** Serves one client to its end. Registers itself before the first await: a start that comes next must find it. */
export async function attachContainer(
  ctx: EngineContext,
  container: Container,
  options: AttachOptions,
  peer: Duplex,
): Promise<void> {
  const { Tty: tty, OpenStdin: openStdin } = container.spec.config;
  const detachKeys = tty ? parseDetachKeys(options.detachKeys) : undefined;
  const stdin = options.stdin && openStdin;
  const streams = { stdin, stdout: options.stdout, stderr: options.stderr };
  const process = options.stream ? nextProcess(container, (monitor) => monitor.attach(streams), peer) : undefined;
  tell(ctx, container, "attach");
  if (options.logs) await sendHistory(ctx, container, options, peer);
  const connection = await process;
  if (connection === undefined) return peer.end();
  const end = await serveStreams({ peer, process: connection, stdin, detachKeys });
  if (end === "detached") tell(ctx, container, "detach");
  peer.end();
}

/** The connection to the running process, or to the next one; undefined when client or container go away before. */
function nextProcess(
  container: Container,
  open: (monitor: MonitorHandle) => Promise<Duplex>,
  peer: Duplex,
): Promise<Duplex | undefined> {
  if (container.monitor !== undefined) return open(container.monitor);
  const { promise, resolve } = Promise.withResolvers<Duplex | undefined>();
  const pending: PendingAttach = async (monitor) => {
    resolve(await open(monitor).catch(() => undefined));
  };
  const giveUp = (): void => {
    container.pendingAttaches.delete(pending);
    resolve(undefined);
  };
  container.pendingAttaches.add(pending);
  const forget = container.onRemoved(giveUp);
  void peer.closed.then(giveUp);
  return promise.finally(forget);
}

async function sendHistory(
  ctx: EngineContext,
  container: Container,
  options: AttachOptions,
  peer: Duplex,
): Promise<void> {
  const { stdout, stderr } = options;
  const history = readContainerLogs(
    ctx,
    container,
    { follow: false, stdout, stderr, since: undefined, until: undefined, timestamps: false, tail: undefined },
    new AbortController().signal,
  );
  await copy(history, peer).catch(() => undefined);
}
