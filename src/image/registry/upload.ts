/**
 * One blob into a repository (distribution specification, "Pushing blobs"): small ones in one request, large ones in chunks that
 * are gone on with after a failure, as far as the registry remembers them.
 */
import { open } from "node:fs/promises";
import { systemError } from "../../base/errors.ts";
import type { Digest } from "../reference.ts";
import { RegistryError } from "./registry-error.ts";
import type { Repository } from "./repository.ts";
import { pause, pauseAfter } from "./retry.ts";
import type { Incoming } from "./transport.ts";
import type { UploadSessions } from "./upload-sessions.ts";

export interface LocalBlob {
  readonly path: string;
  /** Where in the file it begins; its start when left out. */
  readonly offset?: number;
  readonly digest: Digest;
  readonly sizeBytes: number;
}

export interface UploadOptions {
  readonly signal: AbortSignal;
  readonly onProgress: (bytes: number) => void;
  readonly onPause: (seconds: number) => void;
  /** Where uploads that were cut are remembered. */
  readonly sessions: UploadSessions;
  /** An upload that the registry has begun for us already. */
  readonly begun?: URL | undefined;
  readonly firstPauseMs: number;
  /** Larger blobs go in several requests. */
  readonly chunkBytes: number;
}

const READ_BYTES = 256 * 1024;
const ATTEMPTS = 5;

export async function upload(target: Repository, blob: LocalBlob, options: UploadOptions): Promise<void> {
  const { signal, onPause, firstPauseMs } = options;
  const run = new Upload(target, blob, options);
  for (let failed = 0; ; ) {
    const before = run.sentBytes;
    try {
      return await run.go();
    } catch (error) {
      failed = run.sentBytes > before ? 1 : failed + 1;
      const pauseMs =
        failed < ATTEMPTS ? pauseAfter(error, failed, { attempts: ATTEMPTS, signal, firstPauseMs }) : undefined;
      if (pauseMs === undefined && !run.mayRestart(error)) throw error;
      await pause(pauseMs ?? 0, { signal, onPause });
    }
  }
}

class Upload {
  /** As far as the registry has confirmed. */
  sentBytes = 0;
  readonly #target: Repository;
  readonly #blob: LocalBlob;
  readonly #options: UploadOptions;
  #begun: URL | undefined;
  /** Registries that know no chunks get everything at once. */
  #chunkBytes: number;

  constructor(target: Repository, blob: LocalBlob, options: UploadOptions) {
    this.#target = target;
    this.#blob = blob;
    this.#options = options;
    this.#begun = options.begun;
    this.#chunkBytes = options.chunkBytes;
  }

  /** From where the registry stands to the end. */
  async go(): Promise<void> {
    const { sessions } = this.#options;
    const { digest, sizeBytes } = this.#blob;
    let location = await this.#open();
    if (sizeBytes > this.#chunkBytes) {
      while (this.sentBytes < sizeBytes) {
        location = await this.#sendChunk(location);
        await sessions.put(this.#target, digest, location);
      }
      await this.#finish(location, undefined);
    } else {
      await this.#finish(location, { from: this.sentBytes, to: sizeBytes });
    }
    await sessions.drop(this.#target, digest);
  }

  /** What was sent in chunks was refused: once more in one piece, if there was more than one. */
  mayRestart(error: unknown): boolean {
    const isRefused = error instanceof RegistryError && error.status !== undefined && error.status < 500;
    if (!isRefused || this.sentBytes === 0 || this.#chunkBytes === Number.POSITIVE_INFINITY) return false;
    this.#chunkBytes = Number.POSITIVE_INFINITY;
    this.sentBytes = 0;
    return true;
  }

  async #open(): Promise<URL> {
    const { sessions } = this.#options;
    const begun = this.#begun;
    this.#begun = undefined;
    if (begun !== undefined) return begun;
    const known = await sessions.get(this.#target, this.#blob.digest);
    const resumed = known === undefined ? undefined : await this.#resume(known);
    if (resumed !== undefined) return resumed;
    this.sentBytes = 0;
    const answer = await this.#target.call({ method: "POST", target: "blobs/uploads/", accept: [202] });
    await answer.discard();
    return locationOf(answer);
  }

  /** Asks how far it got. Undefined: the registry has forgotten it, and it begins anew. */
  async #resume(known: URL): Promise<URL | undefined> {
    const { signal } = this.#options;
    try {
      const answer = await this.#target.call({ method: "GET", target: known, accept: [204], attempts: 1, signal });
      await answer.discard();
      const last = /^(?:bytes=)?0-(\d+)$/.exec(answer.headers.get("range") ?? "")?.[1];
      this.sentBytes = last === undefined ? 0 : Math.min(Number(last) + 1, this.#blob.sizeBytes);
      return answer.headers.has("location") ? locationOf(answer) : known;
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof RegistryError)) throw error;
      await this.#options.sessions.drop(this.#target, this.#blob.digest);
      return undefined;
    }
  }

  async #sendChunk(location: URL): Promise<URL> {
    const from = this.sentBytes;
    const to = Math.min(from + this.#chunkBytes, this.#blob.sizeBytes);
    const isWhole = from === 0 && to === this.#blob.sizeBytes;
    const answer = await this.#target.call({
      method: "PATCH",
      target: location,
      headers: {
        "Content-Type": "application/octet-stream",
        "Content-Length": String(to - from),
        ...(isWhole ? {} : { "Content-Range": `${from}-${to - 1}` }),
      },
      body: () => this.#read({ from, to }),
      accept: [202],
      attempts: 1,
      signal: this.#options.signal,
    });
    await answer.discard();
    this.sentBytes = to;
    return locationOf(answer);
  }

  /** The digest, and what has not been sent yet. */
  async #finish(location: URL, rest: Stretch | undefined): Promise<void> {
    const url = new URL(location);
    url.searchParams.append("digest", this.#blob.digest);
    const length = rest === undefined ? 0 : rest.to - rest.from;
    const answer = await this.#target.call({
      method: "PUT",
      target: url,
      headers: { "Content-Type": "application/octet-stream", "Content-Length": String(length) },
      ...(rest === undefined || length === 0 ? {} : { body: () => this.#read(rest) }),
      accept: [201, 202, 204],
      attempts: 1,
      signal: this.#options.signal,
    });
    await answer.discard();
  }

  async *#read({ from, to }: Stretch): AsyncGenerator<Uint8Array> {
    const { path, offset = 0 } = this.#blob;
    await using file = await open(path);
    for (let at = from; at < to; ) {
      const buffer = Buffer.allocUnsafeSlow(Math.min(READ_BYTES, to - at));
      const { bytesRead } = await file.read(buffer, 0, buffer.length, offset + at);
      if (bytesRead === 0) throw systemError(`${path} is shorter than it was`);
      at += bytesRead;
      yield buffer.subarray(0, bytesRead);
      this.#options.onProgress(at);
    }
  }
}

interface Stretch {
  readonly from: number;
  readonly to: number;
}

/** Where the upload goes on. A registry behind a proxy may not know that it speaks TLS: that never makes us speak plain text. */
export function locationOf(answer: Incoming): URL {
  const header = answer.headers.get("location");
  const url = header === null ? null : URL.parse(header, answer.url.href);
  if (url === null || !/^https?:$/.test(url.protocol))
    throw systemError("the registry does not say where to upload to");
  if (answer.url.protocol === "https:" && url.protocol === "http:") {
    if (url.hostname !== answer.url.hostname) throw systemError("the registry wants an upload in plain text: refused");
    return new URL(`${answer.url.origin}${url.pathname}${url.search}`);
  }
  return url;
}
