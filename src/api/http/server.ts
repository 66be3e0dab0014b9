/** Listens on several hosts at once and keeps the connections, so that closing leaves none behind. */
import { rmSync } from "node:fs";
import type { Logger } from "../../base/log.ts";
import { type SocketStream, type StreamData, streamHandlers } from "../../base/socket-stream.ts";
import { Connection } from "./connection.ts";
import { clearStaleSocket, type ListenTarget, parseHosts, protectSocket } from "./host.ts";
import type { RequestHandler } from "./message.ts";

export interface ListenOptions {
  readonly log: Logger;
  /** How many sockets systemd handed over (LISTEN_FDS); none when absent. */
  readonly activatedFds?: number;
  /** The first of these groups that exists may use the unix sockets. */
  readonly groups?: readonly string[];
  readonly idleTimeoutMs?: number;
}

export interface Server {
  /** Stops accepting, tells requests to end, and cuts after `graceMs` what has not. Removes its unix sockets. */
  close(graceMs?: number): Promise<void>;
}

/** Bun adopts a listening descriptor (tried with 1.4.5), but its types know that only of connections. */
declare module "bun" {
  function listen<Data>(options: FdSocketOptions<Data>): SocketListener<Data>;
}

interface Listening {
  stop(): void;
}

const IDLE_TIMEOUT_MS = 5 * 60_000;
const GRACE_MS = 2000;
const SOCKET_GROUPS = ["tare", "docker"];

/** Throws when a host is refused or taken; nothing listens then. */
export async function listen(
  hosts: readonly string[],
  handler: RequestHandler,
  options: ListenOptions,
): Promise<Server> {
  const targets = parseHosts(hosts, options.activatedFds ?? 0);
  const connections = new Set<Connection>();
  const { log, idleTimeoutMs = IDLE_TIMEOUT_MS } = options;
  const accept = (stream: SocketStream): void => {
    const connection = new Connection(stream, { handler, log, idleTimeoutMs });
    connections.add(connection);
    void connection.done.then(() => connections.delete(connection));
  };
  await using undo = new AsyncDisposableStack();
  const listeners: Listening[] = [];
  for (const target of targets) {
    const listener = await open(target, accept, options.groups ?? SOCKET_GROUPS);
    undo.defer(() => listener.stop());
    listeners.push(listener);
  }
  undo.move();
  return { close: (graceMs = GRACE_MS) => closeAll(listeners, connections, graceMs) };
}

async function open(
  target: ListenTarget,
  accept: (stream: SocketStream) => void,
  groups: readonly string[],
): Promise<Listening> {
  const common = { allowHalfOpen: true, socket: streamHandlers(accept) };
  if (target.kind === "fd") {
    const listener = Bun.listen<StreamData>({ ...common, fd: target.fd });
    return { stop: () => listener.stop() };
  }
  const { path } = target;
  await clearStaleSocket(path);
  const listener = Bun.listen<StreamData>({ ...common, unix: path });
  protectSocket(path, groups);
  return {
    stop: () => {
      listener.stop();
      rmSync(path, { force: true });
    },
  };
}

async function closeAll(
  listeners: readonly Listening[],
  connections: ReadonlySet<Connection>,
  graceMs: number,
): Promise<void> {
  for (const listener of listeners) listener.stop();
  for (const connection of connections) connection.stop(new Error("the engine is shutting down"));
  const cut = setTimeout(() => {
    for (const connection of connections) connection.close();
  }, graceMs);
  await Promise.all([...connections].map((connection) => connection.done));
  clearTimeout(cut);
}
