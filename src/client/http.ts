/** HTTP to the engine: a pool of kept-alive connections, JSON in and out, refusals as ClientError, the API version agreed on. */
import { asBuffer, utf8Bytes } from "../base/bytes.ts";
import type { Duplex } from "../base/duplex.ts";
import type { OutgoingBody } from "../base/lent-socket.ts";
import { collect } from "../wire/http1-body.ts";
import { compareVersions } from "../wire/version.ts";
import { Connection, type HttpResponse } from "./connection.ts";
import { ClientError } from "./errors.ts";
import type { Connect } from "./transport.ts";

const MAX_JSON_BYTES = 64 * 1024 * 1024;

/** False, "" and undefined are not sent; a list is sent as repeated parameters. */
type Query = Readonly<Record<string, string | number | boolean | readonly string[] | undefined>>;

export interface Call {
  readonly query?: Query;
  /** Sent as JSON. */
  readonly json?: unknown;
  /** Sent as it is. */
  readonly body?: AsyncIterable<Uint8Array> | OutgoingBody;
  readonly headers?: Readonly<Record<string, string>>;
  /** The only API version whose answer will do, in place of the client's own. */
  readonly version?: string;
  /** Closes the connection; pending reads fail with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
}

export interface Hijacked {
  readonly stream: Duplex;
  /** True when output comes in Docker's frames, false when it is a terminal's raw bytes; undefined when the engine does not say (before 1.42). */
  readonly multiplexed: boolean | undefined;
}

export class HttpClient {
  /** The API version in use, such as "1.56"; falls when the engine turns out to be older. */
  version: string;
  readonly #connect: Connect;
  #idle: Connection[] = [];
  #closed = false;
  /** The engine has taken a request of this version. */
  #agreed = false;

  constructor(connect: Connect, version: string) {
    this.#connect = connect;
    this.version = version;
  }

  /** Opens connections ahead of their use. Rejects when nobody listens. */
  async warm(count: number): Promise<void> {
    const missing = count - this.#idle.length;
    await Promise.all(
      Array.from({ length: missing }, async () => {
        this.#release(new Connection(await this.#connect()));
      }),
    );
  }

  close(): void {
    this.#closed = true;
    for (const connection of this.#idle) connection.close();
    this.#idle = [];
  }

  /** Any answer below 400; the caller reads its body. Throws ClientError otherwise. */
  async request(method: string, path: string, call: Call = {}): Promise<HttpResponse> {
    // A stream can be sent only once, so the version must be settled before.
    if (call.body !== undefined && !this.#agreed) await this.send("GET", "/version");
    // Other requests may agree on an older version in the meantime.
    const spoken = call.version ?? this.version;
    const response = await this.#exchange(method, path, call);
    if (response.head.status < 400) {
      this.#agreed = true;
      return response;
    }
    const refusal = await refusalOf(response);
    const supported = supportedVersion(response);
    const isOlder = supported !== undefined && compareVersions(supported, spoken) < 0;
    if (refusal.status !== 400 || !isOlder || call.version !== undefined) throw refusal;
    this.version = supported;
    return this.request(method, path, call);
  }

  /** The answer's JSON, taken at the engine's word for its shape; undefined when it has no body. */
  async json<T>(method: string, path: string, call: Call = {}): Promise<T> {
    return this.readJson(await this.request(method, path, call));
  }

  /** The same for an answer whose head came earlier. */
  async readJson<T>(response: HttpResponse): Promise<T> {
    const bytes = await collect(response.body, MAX_JSON_BYTES);
    return (bytes.length === 0 ? undefined : JSON.parse(asBuffer(bytes).toString())) as T;
  }

  /** For calls whose answer does not matter. */
  async send(method: string, path: string, call: Call = {}): Promise<void> {
    const response = await this.request(method, path, call);
    await collect(response.body, MAX_JSON_BYTES);
  }

  /** A body of JSON values, one a line. */
  async *lines<T>(method: string, path: string, call: Call = {}): AsyncGenerator<T, void, undefined> {
    for await (const text of this.texts(method, path, call)) yield JSON.parse(text) as T;
  }

  /** A body's lines that are not blank. */
  async *texts(method: string, path: string, call: Call = {}): AsyncGenerator<string, void, undefined> {
    const { body } = await this.request(method, path, call);
    const decoder = new TextDecoder();
    let pending = "";
    for await (const piece of body) {
      const texts = (pending + decoder.decode(piece, { stream: true })).split("\n");
      pending = texts.pop() ?? "";
      for (const text of texts) if (text.trim() !== "") yield text;
    }
    if (pending.trim() !== "") yield pending;
  }

  /** Upgrades to a raw stream, as attach and exec do; to another protocol when the call's headers say so. */
  async hijack(method: string, path: string, call: Call = {}): Promise<Hijacked> {
    const upgrade = { Connection: "Upgrade", Upgrade: "tcp" };
    const response = await this.request(method, path, { ...call, headers: { ...upgrade, ...call.headers } });
    return { stream: response.hijack(), multiplexed: isMultiplexed(response) };
  }

  async #exchange(method: string, path: string, call: Call): Promise<HttpResponse> {
    const connection = this.#takeIdle() ?? new Connection(await this.#connect());
    const abort = (): void => connection.close();
    call.signal?.throwIfAborted();
    call.signal?.addEventListener("abort", abort, { once: true });
    const json = call.json === undefined ? undefined : utf8Bytes(JSON.stringify(call.json));
    const type = json === undefined ? {} : { "Content-Type": "application/json" };
    const body = json ?? call.body;
    const headers = { Host: "tare", ...type, ...call.headers };
    const target = `/v${call.version ?? this.version}${path}${queryText(call.query)}`;
    try {
      const request = { method, target, headers, ...(body === undefined ? {} : { body }) };
      return await connection.exchange(request, () => {
        call.signal?.removeEventListener("abort", abort);
        this.#release(connection);
      });
    } catch (error) {
      call.signal?.throwIfAborted();
      throw error;
    }
  }

  #takeIdle(): Connection | undefined {
    for (let idle = this.#idle.pop(); idle !== undefined; idle = this.#idle.pop()) {
      if (idle.open) return idle;
    }
    return undefined;
  }

  #release(connection: Connection): void {
    if (this.#closed) connection.close();
    else this.#idle.push(connection);
  }
}

function queryText(query: Query = {}): string {
  const pairs = Object.entries(query).flatMap(([key, value]) => {
    if (value === undefined || value === false || value === "") return [];
    const texts = typeof value === "object" ? value : [value === true ? "1" : String(value)];
    return texts.map((text) => `${key}=${encodeURIComponent(text)}`);
  });
  return pairs.length === 0 ? "" : `?${pairs.join("&")}`;
}

/** Whether output comes in Docker's frames; undefined when the engine does not say. */
export function isMultiplexed(response: HttpResponse): boolean | undefined {
  const type = response.head.headers.get("content-type");
  if (type === "application/vnd.docker.multiplexed-stream") return true;
  return type === "application/vnd.docker.raw-stream" ? false : undefined;
}

/** Every answer of an engine says its newest version. */
function supportedVersion(response: HttpResponse): string | undefined {
  const version = response.head.headers.get("api-version");
  return version !== undefined && /^\d+\.\d+$/.test(version) ? version : undefined;
}

async function refusalOf(response: HttpResponse): Promise<ClientError> {
  const { status, reason } = response.head;
  const text = asBuffer(await collect(response.body, MAX_JSON_BYTES)).toString();
  return new ClientError(status, messageIn(text) ?? (text.trim() || reason || `HTTP status ${status}`));
}

function messageIn(text: string): string | undefined {
  try {
    const parsed: unknown = JSON.parse(text);
    const named = typeof parsed === "object" && parsed !== null && "message" in parsed ? parsed.message : undefined;
    return typeof named === "string" ? named : undefined;
  } catch {
    return undefined;
  }
}
