/** For tests: a registry in this process that counts what it is asked for, cuts bodies, asks for proofs, or lies. */
import { digestOf } from "../digest.ts";
import type { Digest } from "../reference.ts";

export interface Asked {
  readonly method: string;
  /** Path and query. */
  readonly path: string;
  readonly authorization: string | null;
  readonly range: string | null;
}

export interface FakeOptions {
  /** Answers in place of the registry; undefined leaves it to the registry. */
  readonly intercept?: (request: Request, url: URL) => Response | undefined | Promise<Response | undefined>;
  /** False: Range headers are not understood. */
  readonly ranges?: boolean;
  /** 0, or nothing, is any. */
  readonly port?: number;
  /** No blob is sent or taken faster than so much in each millisecond. */
  readonly paceBytesPerMs?: number;
  readonly tls?: { readonly cert: string; readonly key: string; readonly ca?: string };
}

interface Stored {
  readonly type: string;
  readonly bytes: Uint8Array;
}

const MANIFEST = /^\/v2\/(.+)\/manifests\/([^/]+)$/;
const BLOB = /^\/v2\/(.+)\/blobs\/(sha256:[0-9a-f]{64})$/;
const UPLOAD = /^\/v2\/(.+)\/blobs\/uploads\/([^/]*)$/;
const TAGS = /^\/v2\/(.+)\/tags\/list$/;
const PIECE_BYTES = 64 * 1024;

export class FakeRegistry implements Disposable {
  readonly asked: Asked[] = [];
  /** By repository and digest: "a/b@sha256:…". */
  readonly blobs = new Map<string, Uint8Array>();
  /** By repository and reference: "a/b:tag", "a/b:sha256:…". */
  readonly manifests = new Map<string, Stored>();
  /** Uploads under way, by id, as the pieces that have come. */
  readonly uploads = new Map<string, Uint8Array[]>();
  /** Blob bytes that have left, and that have come. */
  sentBytes = 0;
  takenBytes = 0;
  /** The next blob that has more ends after so many bytes; once. */
  cutAfter: number | undefined;
  /** Called when that has happened. */
  onCut: (() => void) | undefined;
  readonly #server: Bun.Server<undefined>;
  readonly #options: FakeOptions;
  #lastUpload = 0;

  constructor(options: FakeOptions = {}) {
    this.#options = options;
    const { tls } = options;
    const client = tls?.ca === undefined ? {} : { requestCert: true, rejectUnauthorized: true };
    this.#server = Bun.serve({
      hostname: "127.0.0.1",
      port: options.port ?? 0,
      maxRequestBodySize: 2 ** 34,
      fetch: (request) => this.#answer(request),
      ...(tls === undefined ? {} : { tls: { ...tls, ...client } }),
    });
  }

  /** "127.0.0.1:port" */
  get host(): string {
    return `127.0.0.1:${this.#server.port}`;
  }

  get origin(): string {
    return `${this.#options.tls === undefined ? "http" : "https"}://${this.host}`;
  }

  paths(method: string): string[] {
    return this.asked.filter((each) => each.method === method).map(({ path }) => path);
  }

  putBlob(repository: string, bytes: Uint8Array): Digest {
    const digest = digestOf(bytes);
    this.blobs.set(`${repository}@${digest}`, bytes);
    return digest;
  }

  /** Under `tag` and its digest. */
  putManifest(repository: string, tag: string, document: unknown, type: string): Digest {
    const bytes = Buffer.from(typeof document === "string" ? document : JSON.stringify(document));
    const digest = digestOf(bytes);
    for (const reference of [tag, digest]) this.manifests.set(`${repository}:${reference}`, { type, bytes });
    return digest;
  }

  [Symbol.dispose](): void {
    void this.#server.stop(true);
  }

  async #answer(request: Request): Promise<Response> {
    const url = new URL(request.url);
    const { method, headers } = request;
    const path = url.pathname + url.search;
    this.asked.push({ method, path, authorization: headers.get("authorization"), range: headers.get("range") });
    const intercepted = await this.#options.intercept?.(request, url);
    return intercepted ?? this.#serve(request, url);
  }

  async #serve(request: Request, url: URL): Promise<Response> {
    const at = (pattern: RegExp): [string, string] | undefined => {
      const [, repository = "", rest = ""] = pattern.exec(url.pathname) ?? [];
      return repository === "" ? undefined : [repository, rest];
    };
    const [manifest, blob, upload, tags] = [at(MANIFEST), at(BLOB), at(UPLOAD), at(TAGS)];
    if (manifest !== undefined) return this.#manifest(request, manifest);
    if (blob !== undefined) return this.#blob(request, blob);
    if (upload !== undefined) return this.#upload(request, url, upload);
    if (tags !== undefined) return this.#tags(tags[0]);
    return url.pathname === "/v2/" ? new Response("{}") : new Response("404 page not found", { status: 404 });
  }

  async #manifest(request: Request, [repository, reference]: [string, string]): Promise<Response> {
    if (request.method === "PUT") {
      const type = request.headers.get("content-type") ?? "";
      const digest = this.putManifest(repository, reference, await request.text(), type);
      return new Response(null, { status: 201, headers: { "Docker-Content-Digest": digest } });
    }
    const found = this.manifests.get(`${repository}:${reference}`);
    if (found === undefined) return failure(404, "MANIFEST_UNKNOWN", "manifest unknown");
    const headers = { "Content-Type": found.type, "Docker-Content-Digest": digestOf(found.bytes) };
    return new Response(request.method === "HEAD" ? null : Buffer.from(found.bytes), { headers });
  }

  #blob(request: Request, [repository, digest]: [string, string]): Response {
    const bytes = this.blobs.get(`${repository}@${digest}`);
    if (bytes === undefined) return failure(404, "BLOB_UNKNOWN", "blob unknown to registry");
    if (request.method === "HEAD") return new Response(null, { headers: { "Content-Length": String(bytes.length) } });
    const [, first, last] = /^bytes=(\d+)-(\d*)$/.exec(request.headers.get("range") ?? "") ?? [];
    if (first === undefined || this.#options.ranges === false) return this.#body(bytes, 200, {});
    if (Number(first) >= bytes.length) return new Response(null, { status: 416 });
    const end = last ? Math.min(Number(last) + 1, bytes.length) : bytes.length;
    const range = { "Content-Range": `bytes ${first}-${end - 1}/${bytes.length}` };
    return this.#body(bytes.subarray(Number(first), end), 206, range);
  }

  #body(bytes: Uint8Array, status: number, headers: Record<string, string>): Response {
    const cut = this.cutAfter !== undefined && this.cutAfter < bytes.length ? this.cutAfter : undefined;
    if (cut !== undefined) this.cutAfter = undefined;
    let at = 0;
    const stream = new ReadableStream<Uint8Array>({
      pull: async (controller) => {
        await this.#pace(PIECE_BYTES);
        if (at >= bytes.length) return controller.close();
        if (cut !== undefined && at >= cut) {
          this.onCut?.();
          return controller.close();
        }
        const end = Math.min(at + PIECE_BYTES, bytes.length, cut === undefined ? bytes.length : Math.max(cut, at + 1));
        controller.enqueue(bytes.slice(at, end));
        this.sentBytes += end - at;
        at = end;
      },
    });
    return new Response(stream, { status, headers: { ...headers, "Content-Length": String(bytes.length) } });
  }

  async #upload(request: Request, url: URL, [repository, id]: [string, string]): Promise<Response> {
    if (request.method === "POST") return this.#begin(repository, url);
    const have = this.uploads.get(id);
    if (have === undefined) return failure(404, "BLOB_UPLOAD_UNKNOWN", "blob upload unknown to registry");
    const headers = (): Record<string, string> => ({
      Location: `/v2/${repository}/blobs/uploads/${id}`,
      Range: `0-${Math.max(0, lengthOf(have) - 1)}`,
    });
    if (request.method === "GET") return new Response(null, { status: 204, headers: headers() });
    if (request.method === "DELETE") {
      this.uploads.delete(id);
      return new Response(null, { status: 204 });
    }
    // What comes before a cut is kept, as a good registry does.
    for await (const piece of request.body ?? []) {
      this.takenBytes += piece.length;
      await this.#pace(piece.length);
      have.push(piece);
    }
    if (request.method === "PATCH") return new Response(null, { status: 202, headers: headers() });
    this.uploads.delete(id);
    const all = Buffer.concat(have);
    if (digestOf(all) !== url.searchParams.get("digest"))
      return failure(400, "DIGEST_INVALID", "provided digest did not match");
    this.putBlob(repository, all);
    return new Response(null, { status: 201, headers: { Location: `/v2/${repository}/blobs/${digestOf(all)}` } });
  }

  async #pace(bytes: number): Promise<void> {
    const { paceBytesPerMs } = this.#options;
    if (paceBytesPerMs !== undefined) await Bun.sleep(bytes / paceBytesPerMs);
  }

  #begin(repository: string, url: URL): Response {
    const [digest, from] = [url.searchParams.get("mount"), url.searchParams.get("from")];
    const mounted = this.blobs.get(`${from}@${digest}`);
    if (mounted !== undefined) {
      this.putBlob(repository, mounted);
      return new Response(null, { status: 201 });
    }
    const id = String(++this.#lastUpload);
    this.uploads.set(id, []);
    return new Response(null, { status: 202, headers: { Location: `/v2/${repository}/blobs/uploads/${id}` } });
  }

  #tags(repository: string): Response {
    const tags = [...this.manifests.keys()]
      .filter((key) => key.startsWith(`${repository}:`) && !key.includes("sha256:"))
      .map((key) => key.slice(repository.length + 1));
    return tags.length === 0
      ? failure(404, "NAME_UNKNOWN", "repository name not known to registry")
      : Response.json({ name: repository, tags });
  }
}

const lengthOf = (pieces: readonly Uint8Array[]): number => pieces.reduce((total, { length }) => total + length, 0);

export function failure(status: number, code: string, message: string, headers: Record<string, string> = {}): Response {
  return Response.json({ errors: [{ code, message }] }, { status, headers });
}
