/** A command's view of the world: its streams, its settings, and a client made when it is first asked for. */
import { type Client, createClient } from "../client/client.ts";
import { CLI_API_VERSION } from "./api-version.ts";
import type { CliEnv, Context } from "./command.ts";
import { CommandError } from "./errors.ts";
import type { Io } from "./io.ts";

const UNIX = "unix://";

export interface OpenContext extends Context, Disposable {
  /** Begins to connect, for a command that will. Failing is left to `client()`. */
  connectAhead(connections: number): void;
}

/** `path` is the command as invoked. */
export function createContext(env: CliEnv, io: Io, path: string): OpenContext {
  const defaultSocket = `${env.run}/tare.sock`;
  const host = env.host ?? UNIX + defaultSocket;
  const socketPath = host.slice(UNIX.length);
  const startsEngine = socketPath === defaultSocket;
  const client = createClient({ socketPath, version: CLI_API_VERSION });
  let connecting: Promise<void> | undefined;
  let connected: Promise<void> | undefined;
  return {
    env,
    io,
    path,
    host,
    connectAhead(connections) {
      if (!host.startsWith(UNIX)) return;
      connecting = client.connect(connections);
      connecting.catch(() => undefined);
    },
    async client() {
      if (!host.startsWith(UNIX)) {
        throw new CommandError(`unable to parse host \`${host}\`: only unix:// sockets are supported`);
      }
      connecting ??= client.connect();
      connected ??= connecting.catch((cause: unknown) => {
        if (startsEngine) return startEngineFor(client, env, socketPath);
        throw new CommandError(`Cannot connect to the Tare engine at ${host}. Is the engine running?`, 1, { cause });
      });
      await connected;
      return client;
    },
    [Symbol.dispose]: () => client.close(),
  };
}

async function startEngineFor(client: Client, env: CliEnv, socketPath: string): Promise<void> {
  const { startEngine } = await import("./start-engine.ts");
  await startEngine(env, socketPath, () => client.connect());
}
