/** One operation with registries: its transport, its credentials, its repositories. */

import type { Credentials } from "../../wire/registry-auth.ts";
import { Authorizer } from "./authorizer.ts";
import { type Endpoint, ownEndpoints, pullEndpoints, ruleFor } from "./endpoints.ts";
import { Repository } from "./repository.ts";
import type { RegistrySettings } from "./settings.ts";
import { createTransport, type Send } from "./transport.ts";

export interface SessionOptions {
  readonly settings: RegistrySettings;
  readonly signal: AbortSignal;
  /** Insecure registries that turned out to speak plain text: asked that way first the next time. */
  readonly plainHosts: Set<string>;
}

export interface RepositoryName {
  /** "docker.io", "127.0.0.1:5000" */
  readonly domain: string;
  readonly path: string;
}

export class Session {
  readonly send: Send;
  readonly #options: SessionOptions;

  constructor(options: SessionOptions) {
    this.#options = options;
    this.send = createTransport(options.settings);
  }

  get firstPauseMs(): number {
    return this.#options.settings.firstPauseMs;
  }

  /** To pull from, mirrors first. */
  source(name: RepositoryName, credentials: Credentials): Repository {
    return this.#repository(name, { credentials, actions: "pull", mirrored: true });
  }

  /** To push to. */
  target(name: RepositoryName, credentials: Credentials): Repository {
    return this.#repository(name, { credentials, actions: "pull,push", mirrored: false });
  }

  #repository({ domain, path }: RepositoryName, { credentials, actions, mirrored }: Manner): Repository {
    const { settings, signal, plainHosts } = this.#options;
    const found = mirrored ? pullEndpoints(domain, settings) : ownEndpoints(domain, settings);
    const { send } = this;
    return new Repository({
      send,
      authorizer: new Authorizer({
        send,
        credentials,
        authHosts: ruleFor(domain, settings).authHosts,
        firstPauseMs: settings.firstPauseMs,
        signal,
      }),
      endpoints: preferPlain(found, plainHosts),
      path,
      actions,
      firstPauseMs: settings.firstPauseMs,
      signal,
      onAnswer: (endpoint) => rememberScheme(endpoint, plainHosts),
    });
  }
}

interface Manner {
  readonly credentials: Credentials;
  readonly actions: "pull" | "pull,push";
  readonly mirrored: boolean;
}

/** The order of what is known not to speak TLS is turned round; TLS stays possible. */
function preferPlain(endpoints: readonly Endpoint[], plainHosts: ReadonlySet<string>): Endpoint[] {
  const isPlain = ({ origin }: Endpoint): boolean => plainHosts.has(new URL(origin).host);
  const own = endpoints.filter(({ mirrorOf }) => mirrorOf === undefined);
  const mirrors = endpoints.filter(({ mirrorOf }) => mirrorOf !== undefined);
  return [...mirrors, ...(own.some(isPlain) ? own.toReversed() : own)];
}

function rememberScheme({ origin, insecure, mirrorOf }: Endpoint, plainHosts: Set<string>): void {
  if (!insecure || mirrorOf !== undefined) return;
  const { host, protocol } = new URL(origin);
  if (protocol === "http:") plainHosts.add(host);
  else plainHosts.delete(host);
}
