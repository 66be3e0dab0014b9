/** A command's view of the world: its streams, its settings, and a client made when it is first asked for. */
import { type Client, createClient } from "../client/client.ts";
import { CLI_API_VERSION } from "./api-version.ts";
import type { CliEnv, Context } from "./command.ts";
import { CommandError } from "./errors.ts";
import type { Io } from "./io.ts";

const UNIX = "unix://";

export interface OpenContext extends Context {
  /** Closes the client's idle connections. */
  close(): void;
}

/** `path` is the command as invoked. */
export function createContext(env: CliEnv, io: Io, path: string): OpenContext {
  const defaultSocket = `${env.run}/tare.sock`;
  const host = env.host ?? UNIX + defaultSocket;
  let client: Promise<Client> | undefined;
  return {
    env,
    io,
    path,
    host,
    client: (connections = 1) => {
      client ??= openClient(env, { host, startsEngine: host === UNIX + defaultSocket, connections });
      return client;
    },
    close: () => void client?.then((open) => open.close()).catch(() => undefined),
  };
}

interface Opening {
  readonly host: string;
  readonly startsEngine: boolean;
  readonly connections: number;
}

async function openClient(env: CliEnv, { host, startsEngine, connections }: Opening): Promise<Client> {
  if (!host.startsWith(UNIX)) {
    throw new CommandError(`unable to parse host \`${host}\`: only unix:// sockets are supported`);
  }
  const socketPath = host.slice(UNIX.length);
  const client = createClient({ socketPath, version: CLI_API_VERSION });
  try {
    await client.connect(connections);
  } catch (cause) {
    if (!startsEngine) {
      throw new CommandError(`Cannot connect to the Tare engine at ${host}. Is the engine running?`, 1, { cause });
    }
    const { startEngine } = await import("./start-engine.ts");
    await startEngine(env, socketPath, () => client.connect(connections));
  }
  return client;
}
