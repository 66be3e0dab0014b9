/**
 * HTTP to registries on Bun's fetch: one exchange with time limits, TLS material and proxy of its host, and redirects that we follow
 * ourselves, so that credentials never leave the origin they are meant for.
 */
import { systemError } from "../../base/errors.ts";
import { VERSION } from "../../base/version.ts";
import { readTlsMaterial, type TlsMaterial } from "./certificates.ts";
import { isInsecure } from "./endpoints.ts";
import { proxyFor } from "./proxy.ts";
import { goVerb, networkError, RegistryError, shownUrl } from "./registry-error.ts";
import type { RegistrySettings } from "./settings.ts";

/** A stream is made anew for each time the request is sent. */
export type RequestBody = string | Uint8Array<ArrayBuffer> | (() => AsyncIterable<Uint8Array>);

export interface Outgoing {
  readonly method: string;
  readonly url: URL;
  readonly headers?: Readonly<Record<string, string>>;
  /** For the origin of `url` alone. */
  readonly authorization?: string | undefined;
  readonly body?: RequestBody;
  /** The registry's certificate need not be good. */
  readonly insecure?: boolean | undefined;
  readonly signal: AbortSignal;
}

export interface Incoming {
  readonly status: number;
  readonly headers: Headers;
  /** Where the answer came from in the end. */
  readonly url: URL;
  /** Read once. Fails when nothing comes for a while; leaving it early cuts the connection. */
  readonly body: AsyncIterable<Uint8Array>;
  /** The whole body. Throws when it has more than `maxBytes`. */
  bytes(maxBytes: number): Promise<Uint8Array>;
  /** For answers whose body does not matter: the connection is used again when little is left to read. */
  discard(): Promise<void>;
}

export type Send = (request: Outgoing) => Promise<Incoming>;

const MAX_REDIRECTS = 5;
const HEAD_TIMEOUT_MS = 30_000;
const STALL_TIMEOUT_MS = 60_000;
const MAX_DISCARD_BYTES = 64 * 1024;
const USER_AGENT = `tare/${VERSION}`;

/** Certificates are read once per host and transport: make one for each operation. */
export function createTransport(settings: RegistrySettings, limits: Partial<typeof TIMES> = {}): Send {
  const material = new Map<string, TlsMaterial>();
  const tlsOf = (url: URL): TlsMaterial => {
    const known = material.get(url.host) ?? readTlsMaterial(url.host, settings);
    material.set(url.host, known);
    return known;
  };
  const times = { ...TIMES, ...limits };
  return (request) => follow(request, (hop) => exchange(hop, { settings, tlsOf, times }));
}

const TIMES = { headMs: HEAD_TIMEOUT_MS, stallMs: STALL_TIMEOUT_MS };

/** Follows redirects of reads. Another origin gets no Authorization, and never plain text after TLS. */
async function follow(request: Outgoing, send: Send): Promise<Incoming> {
  let hop = request;
  for (let redirects = 0; ; redirects++) {
    const answer = await send(hop);
    const isRead = request.method === "GET" || request.method === "HEAD";
    if (!isRead || ![301, 302, 303, 307, 308].includes(answer.status)) return answer;
    await answer.discard();
    const refuse = (why: string): never => {
      throw systemError(`${goVerb(hop.method)} ${JSON.stringify(shownUrl(hop.url))}: ${why}`);
    };
    if (redirects >= MAX_REDIRECTS) refuse(`stopped after ${MAX_REDIRECTS} redirects`);
    const location = answer.headers.get("location") ?? refuse(`${answer.status} response missing Location header`);
    const url = URL.parse(location, hop.url.href) ?? refuse("failed to parse Location header");
    if (!/^https?:$/.test(url.protocol)) refuse(`unsupported protocol scheme ${JSON.stringify(url.protocol)}`);
    if (hop.url.protocol === "https:" && url.protocol === "http:") refuse("redirect from https to http refused");
    const isSame = url.origin === hop.url.origin;
    hop = { ...hop, url, authorization: isSame ? hop.authorization : undefined, insecure: isSame && hop.insecure };
  }
}

interface Surroundings {
  readonly settings: RegistrySettings;
  readonly tlsOf: (url: URL) => TlsMaterial;
  readonly times: typeof TIMES;
}

/** One request and the head of its answer. */
async function exchange(request: Outgoing, { settings, tlsOf, times }: Surroundings): Promise<Incoming> {
  const { method, url, authorization, body, signal } = request;
  signal.throwIfAborted();
  const guard = new Guard(signal);
  const proxy = proxyFor(url, settings.proxies);
  const isVerified = !(request.insecure ?? false) && !isInsecure(url.host, settings);
  guard.limit(times.headMs, () => timeout(method, url, "Client.Timeout exceeded while awaiting headers"));
  try {
    const response = await fetch(url.href, {
      method,
      headers: {
        "User-Agent": USER_AGENT,
        // Blobs are what they are; a registry that compresses them once more would change their digests.
        "Accept-Encoding": "identity",
        ...request.headers,
        ...(authorization === undefined ? {} : { Authorization: authorization }),
      },
      redirect: "manual",
      decompress: false,
      signal: guard.signal,
      ...(body === undefined ? {} : { body: guard.watch(body, times.headMs) }),
      ...(proxy === undefined ? {} : { proxy }),
      ...(url.protocol === "https:" ? { tls: { ...tlsOf(url), rejectUnauthorized: isVerified } } : {}),
    });
    return new Answer(request, response, { guard, stallMs: times.stallMs });
  } catch (error) {
    guard.release();
    throw guard.bodyError ?? networkError(method, url, error);
  }
}

function timeout(method: string, url: URL, why: string): Error {
  const message = `${goVerb(method)} ${JSON.stringify(shownUrl(url))}: net/http: request canceled (${why})`;
  return new RegistryError({ message, transient: true, code: "ETIMEDOUT" });
}

/** One abort for everything that may end an exchange: the caller, or nothing having come for too long. */
class Guard {
  readonly #controller = new AbortController();
  readonly #outer: AbortSignal;
  readonly #onAbort = (): void => this.abort(this.#outer.reason);
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** What kept the body that is being sent from being made. */
  bodyError: unknown;

  constructor(outer: AbortSignal) {
    this.#outer = outer;
    outer.addEventListener("abort", this.#onAbort, { once: true });
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  abort(reason: unknown): void {
    this.release();
    this.#controller.abort(reason);
  }

  /** Restarts the clock: unless it is restarted or stopped within `ms`, the exchange ends with the error. */
  limit(ms: number, error: () => Error): void {
    this.#expired = error;
    if (this.#timer === undefined) this.#timer = setTimeout(() => this.abort(this.#expired()), ms);
    else this.#timer.refresh();
  }

  /** A body that is being sent restarts the clock with every piece that is taken. */
  watch(body: RequestBody, ms: number): string | Uint8Array<ArrayBuffer> | ReadableStream<Uint8Array> {
    if (typeof body === "string" || body instanceof Uint8Array) return body;
    const pieces = body()[Symbol.asyncIterator]();
    return new ReadableStream<Uint8Array>({
      pull: async (controller) => {
        try {
          const { done, value } = await pieces.next();
          this.limit(ms, this.#expired);
          if (done === true) controller.close();
          else controller.enqueue(value);
        } catch (error) {
          this.bodyError = error;
          throw error;
        }
      },
      cancel: async () => void (await pieces.return?.()),
    });
  }

  pause(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  release(): void {
    this.pause();
    this.#outer.removeEventListener("abort", this.#onAbort);
  }

  #expired: () => Error = () => systemError("timeout");
}

class Answer implements Incoming {
  readonly status: number;
  readonly headers: Headers;
  readonly url: URL;
  readonly #request: Outgoing;
  readonly #response: Response;
  readonly #guard: Guard;
  readonly #stallMs: number;

  constructor(request: Outgoing, response: Response, { guard, stallMs }: { guard: Guard; stallMs: number }) {
    this.status = response.status;
    this.headers = response.headers;
    this.url = request.url;
    this.#request = request;
    this.#response = response;
    this.#guard = guard;
    this.#stallMs = stallMs;
    guard.pause();
    if (response.body === null) guard.release();
  }

  get body(): AsyncIterable<Uint8Array> {
    return { [Symbol.asyncIterator]: () => this.#read() };
  }

  async bytes(maxBytes: number): Promise<Uint8Array> {
    const pieces: Uint8Array[] = [];
    let total = 0;
    for await (const piece of this.body) {
      total += piece.length;
      if (total > maxBytes) {
        throw systemError(`the answer from ${shownUrl(this.url)} is larger than ${maxBytes} bytes`);
      }
      pieces.push(piece);
    }
    return Buffer.concat(pieces, total);
  }

  async discard(): Promise<void> {
    let left = MAX_DISCARD_BYTES;
    try {
      for await (const piece of this.body) {
        left -= piece.length;
        if (left < 0) return;
      }
    } catch (error) {
      this.#request.signal.throwIfAborted();
      if (!(error instanceof RegistryError)) throw error;
    }
  }

  async *#read(): AsyncGenerator<Uint8Array, void, undefined> {
    const { method } = this.#request;
    const reader = this.#response.body?.getReader();
    if (reader === undefined) return;
    const stalled = (): Error => timeout(method, this.url, `nothing came for ${this.#stallMs / 1000} seconds`);
    let isWhole = false;
    try {
      for (;;) {
        this.#guard.limit(this.#stallMs, stalled);
        const { done, value } = await reader.read();
        this.#guard.pause();
        isWhole = done;
        if (done) return;
        yield value;
      }
    } catch (error) {
      throw networkError(method, this.url, error);
    } finally {
      if (!isWhole) this.#guard.abort(systemError("the answer was not read to its end"));
      this.#guard.release();
    }
  }
}
