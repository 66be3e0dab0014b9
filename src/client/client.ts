/** A typed client of the Engine API over a unix socket, on Bun and Node: `createClient({ socketPath }).containers.list()`. */
import { API_VERSION } from "../wire/version.ts";
import { archiveApi } from "./archives.ts";
import { buildApi } from "./builds.ts";
import { containerApi } from "./containers.ts";
import { execApi } from "./execs.ts";
import { HttpClient } from "./http.ts";
import { imageApi } from "./images.ts";
import { networkApi } from "./networks.ts";
import { registryApi } from "./registries.ts";
import { systemApi } from "./system.ts";
import { type Connect, unixTransport } from "./transport.ts";
import { volumeApi } from "./volumes.ts";

export interface ClientOptions {
  readonly socketPath: string;
  /** The newest API version to speak; the engine's own when that is older. Default: the newest known. */
  readonly version?: string;
  /** Another way to reach the engine than `socketPath`. */
  readonly connect?: Connect;
}

export interface Client {
  readonly archives: ReturnType<typeof archiveApi>;
  readonly builds: ReturnType<typeof buildApi>;
  readonly containers: ReturnType<typeof containerApi>;
  readonly execs: ReturnType<typeof execApi>;
  readonly images: ReturnType<typeof imageApi>;
  readonly networks: ReturnType<typeof networkApi>;
  readonly registries: ReturnType<typeof registryApi>;
  readonly system: ReturnType<typeof systemApi>;
  readonly volumes: ReturnType<typeof volumeApi>;
  /** A connection of the caller's own, to speak on as it likes. */
  dial: Connect;
  /** Opens connections ahead of their use, one by default. Rejects with ENOENT or ECONNREFUSED when nobody listens. */
  connect(count?: number): Promise<void>;
  /** Closes idle connections; streams in use go on. */
  close(): void;
}

export function createClient(options: ClientOptions): Client {
  const dial = options.connect ?? unixTransport(options.socketPath);
  const http = new HttpClient(dial, options.version ?? API_VERSION);
  return {
    archives: archiveApi(http),
    builds: buildApi(http),
    containers: containerApi(http),
    execs: execApi(http),
    images: imageApi(http),
    networks: networkApi(http),
    registries: registryApi(http),
    system: systemApi(http),
    volumes: volumeApi(http),
    dial,
    connect: (count = 1) => http.warm(count),
    close: () => http.close(),
  };
}
