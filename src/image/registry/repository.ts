/**
 * One repository of a registry, wherever its endpoints are: requests of the distribution API with authorization, retries, and the
 * next endpoint where one fails. Digests are not verified here.
 */
import type { Authorizer } from "./authorizer.ts";
import type { Endpoint } from "./endpoints.ts";
import { answerError, goVerb, RegistryError } from "./registry-error.ts";
import { retrying } from "./retry.ts";
import type { Incoming, RequestBody, Send } from "./transport.ts";

export interface RepositoryOptions {
  readonly send: Send;
  readonly authorizer: Authorizer;
  /** The first that works is used from then on. */
  readonly endpoints: readonly Endpoint[];
  /** "library/busybox" */
  readonly path: string;
  readonly actions: "pull" | "pull,push";
  readonly firstPauseMs: number;
  readonly signal: AbortSignal;
  /** Told once which endpoint has answered. */
  readonly onAnswer?: (endpoint: Endpoint) => void;
}

export interface Call {
  readonly method: string;
  /** Below the repository: "manifests/latest"; or a whole address that an answer gave, where an upload goes on. */
  readonly target: string | URL;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: RequestBody;
  /** Statuses that are no failure. Default: all of 2xx. */
  readonly accept?: readonly number[];
  /** Further scopes than those of this repository. */
  readonly scopes?: readonly string[];
  /** Tries in all. */
  readonly attempts?: number;
  readonly signal?: AbortSignal;
}

const ATTEMPTS = 3;
const MAX_ERROR_BYTES = 64 * 1024;

export class Repository {
  readonly path: string;
  readonly #options: RepositoryOptions;
  #endpoints: readonly Endpoint[];
  #answered = false;

  constructor(options: RepositoryOptions) {
    this.#options = options;
    this.#endpoints = options.endpoints;
    this.path = options.path;
  }

  /** The one that answers, as far as one has. */
  get endpoint(): Endpoint | undefined {
    return this.#endpoints[0];
  }

  /** An answer that is accepted; its body is the caller's. Throws RegistryError. */
  async call(call: Call): Promise<Incoming> {
    const { signal = this.#options.signal } = call;
    const { firstPauseMs } = this.#options;
    let failure: unknown = new RegistryError({ message: "no endpoint for this registry" });
    for (const [at, endpoint] of this.#endpoints.entries()) {
      try {
        const attempts = call.attempts ?? (this.#hasAnother(at) ? 1 : ATTEMPTS);
        const answer = await retrying(() => this.#attempt(endpoint, call), { attempts, firstPauseMs, signal });
        this.#settle(endpoint);
        return answer;
      } catch (error) {
        failure = this.#answered ? asPassing(error) : asPing(error, endpoint);
        signal.throwIfAborted();
        if (!mayGoOn(endpoint, error)) break;
      }
    }
    throw failure;
  }

  /** While nobody has answered, trying the next endpoint is better than trying one again. */
  #hasAnother(at: number): boolean {
    return !this.#answered && at < this.#endpoints.length - 1;
  }

  /** Endpoints before the one that works are not asked again, except mirrors that merely lacked something. */
  #settle(endpoint: Endpoint): void {
    if (!this.#answered) this.#options.onAnswer?.(endpoint);
    this.#answered = true;
    // Others may have settled it meanwhile.
    const at = this.#endpoints.indexOf(endpoint);
    if (at > 0 && this.#endpoints[0]?.mirrorOf === undefined) this.#endpoints = this.#endpoints.slice(at);
  }

  async #attempt(endpoint: Endpoint, call: Call): Promise<Incoming> {
    const { authorizer } = this.#options;
    const scopes = [this.#scope(endpoint), ...(call.scopes ?? [])];
    const sent = await this.#proof(endpoint, call, scopes);
    const first = await this.#send(endpoint, call, sent);
    if (first.status !== 401) return accepted(first, call);
    const refusal = (): Promise<Error> => toError(first);
    const better = await authorizer.answer(endpoint, first, { scopes, sent, refusal }).catch((error: unknown) => {
      throw withRequest(error, call.method, this.#address(endpoint, call.target));
    });
    await first.discard();
    return accepted(await this.#send(endpoint, call, better), call);
  }

  /** Addresses that an answer gave may lie elsewhere: what proves who we are stays with the registry. */
  #proof(endpoint: Endpoint, { target }: Call, scopes: readonly string[]): Promise<string | undefined> {
    const isElsewhere = target instanceof URL && target.origin !== endpoint.origin;
    return isElsewhere ? Promise.resolve(undefined) : this.#options.authorizer.header(endpoint, scopes);
  }

  #send(endpoint: Endpoint, call: Call, authorization: string | undefined): Promise<Incoming> {
    const url = this.#address(endpoint, call.target);
    return this.#options.send({
      method: call.method,
      url,
      authorization: url.origin === endpoint.origin ? authorization : undefined,
      insecure: endpoint.insecure && url.origin === endpoint.origin,
      signal: call.signal ?? this.#options.signal,
      ...(call.headers === undefined ? {} : { headers: call.headers }),
      ...(call.body === undefined ? {} : { body: call.body }),
    });
  }

  #address({ origin, prefix, mirrorOf }: Endpoint, target: string | URL): URL {
    if (target instanceof URL) return target;
    const url = new URL(`${origin}/v2/${prefix}${this.path}/${target}`);
    // How general caches are told whose repository is meant (containerd's hosts.toml).
    if (mirrorOf !== undefined) url.searchParams.set("ns", mirrorOf);
    return url;
  }

  #scope({ prefix }: Endpoint): string {
    return `repository:${prefix}${this.path}:${this.#options.actions}`;
  }
}

/** Of a mirror everything is forgiven; an insecure registry may turn out to speak plain text after all, or TLS. */
function mayGoOn(endpoint: Endpoint, error: unknown): boolean {
  if (endpoint.mirrorOf !== undefined) return true;
  if (!endpoint.insecure || !(error instanceof RegistryError)) return false;
  // What Go's servers answer to plain text on a TLS port.
  return error.status === undefined || (error.status === 400 && endpoint.origin.startsWith("http:"));
}

async function accepted(answer: Incoming, { accept }: Call): Promise<Incoming> {
  const isFine = accept === undefined ? answer.status >= 200 && answer.status < 300 : accept.includes(answer.status);
  if (isFine) return answer;
  throw await toError(answer);
}

async function toError(answer: Incoming): Promise<RegistryError> {
  const body = Buffer.from(await answer.bytes(MAX_ERROR_BYTES).catch(() => new Uint8Array())).toString();
  return answerError(answer.status, answer.headers, body);
}

/** `Head "http://…": no basic auth credentials`: Docker says so of manifests, whose heads it asks for first. */
function withRequest(error: unknown, method: string, url: URL): unknown {
  const isMissing = error instanceof RegistryError && error.message === "no basic auth credentials";
  if (!isMissing || !url.pathname.includes("/manifests/")) return error;
  const verb = method === "GET" ? "Head" : goVerb(method);
  return new RegistryError({ message: `${verb} ${JSON.stringify(url.href)}: ${error.message}`, status: 401 });
}

/** A registry that cannot be reached at all is told of as Docker does, which pings it before anything else. */
function asPing(error: unknown, { origin }: Endpoint): unknown {
  if (!(error instanceof RegistryError) || error.reason === undefined) return error;
  const { reason, transient, code } = error;
  return new RegistryError({ message: `Get "${origin}/v2/": ${reason}`, reason, transient, code }, { cause: error });
}

/** A registry that has answered before and cannot be reached now is being restarted, or the network is away. */
function asPassing(error: unknown): unknown {
  if (!(error instanceof RegistryError) || error.transient || !PASSING.includes(error.code)) return error;
  const { message, reason = "", code } = error;
  return new RegistryError({ message, reason, code, transient: true }, { cause: error });
}

const PASSING: readonly string[] = ["ECONNREFUSED", "EHOSTUNREACH", "ENETUNREACH", "ENOTFOUND"];
