/** An archive being unpacked as its chunks arrive. */
import { TarReader } from "../../base/tar/reader.ts";
import { OwnedFd } from "../../kernel/fd.ts";
import { closeWhole, decompress, detectCompression, MAGIC_BYTES } from "../compression.ts";
import type { Readiness } from "../readiness.ts";
import { Shortcut } from "../shortcut.ts";
import { receiveBody } from "../socket-body.ts";
import { ARCHIVE_LIMITS, TreeUnpacker } from "../unpack.ts";
import type { TreeView } from "../view.ts";
import { openView } from "../view-request.ts";
import { factsOf } from "./path-facts.ts";
import type { FromThread, Job, SocketBody } from "./protocol.ts";

type Unpack = Extract<Job, { kind: "unpack" }>;

export interface UnpackTools {
  readonly send: (message: FromThread) => void;
  readonly readiness: Readiness;
}

export class UnpackJob {
  /** Settles once everything is closed; with what a socket gave beyond the archive. */
  readonly finished: Promise<Uint8Array | undefined>;
  readonly #id: number;
  readonly #tools: UnpackTools;
  readonly #waiting: Uint8Array[] = [];
  #ended = false;
  #failure: Error | undefined;
  #wake: (() => void) | undefined;
  #socket: SocketBody | undefined;
  #socketFd: OwnedFd | undefined;
  #rest: Uint8Array | undefined;

  constructor(id: number, job: Unpack, tools: UnpackTools) {
    this.#id = id;
    this.#tools = tools;
    this.finished = this.#run(job);
  }

  take(chunk: Uint8Array): void {
    this.#waiting.push(chunk);
    this.#wake?.();
  }

  /** The archive comes from a socket. */
  receive(body: SocketBody): void {
    this.#socket = body;
    this.#socketFd = new OwnedFd(body.fd);
    this.#wake?.();
  }

  end(): void {
    this.#ended = true;
    this.#wake?.();
  }

  cancel(reason: Error): void {
    this.#failure = reason;
    this.#wake?.();
  }

  async #run({ view, options }: Unpack): Promise<Uint8Array | undefined> {
    using opened = openView(view);
    using _socket = { [Symbol.dispose]: () => this.#socketFd?.close() };
    const path = this.#find(opened.view, options.path);
    using unpacker = new TreeUnpacker(opened.view, { ...options, path });
    const reader = new TarReader(unpacker, ARCHIVE_LIMITS);
    using shortcut = new Shortcut(reader, unpacker);
    const { head, rest } = await peek(this.#chunks(shortcut));
    const compression = detectCompression(head);
    if (compression === "none") shortcut.open();
    for await (const chunk of decompress(rest, compression)) reader.push(chunk);
    if (head.length > 0) closeWhole(reader, compression);
    unpacker.finish();
    return this.#rest;
  }

  /** Tells the facts about the directory; returns its own path. */
  #find(view: TreeView, path: string): string {
    using place = view.locate(path);
    this.#tools.send({ type: "found", id: this.#id, facts: factsOf(view, place) });
    return place.path;
  }

  #check(): void {
    if (this.#failure !== undefined) throw this.#failure;
  }

  async *#chunks(shortcut: Shortcut): AsyncGenerator<Uint8Array, void, undefined> {
    for (;;) {
      this.#check();
      const chunk = this.#waiting.shift();
      if (chunk !== undefined) {
        yield chunk;
        this.#tools.send({ type: "taken", id: this.#id });
      } else if (this.#socket !== undefined) {
        const { readiness } = this.#tools;
        this.#rest = yield* receiveBody(this.#socket, { readiness, check: () => this.#check() }, shortcut);
        return;
      } else if (this.#ended) return;
      else await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }
}

/** Reads enough to tell the compression; `rest` begins with it again. */
async function peek(
  source: AsyncGenerator<Uint8Array, void, undefined>,
): Promise<{ head: Uint8Array; rest: AsyncIterable<Uint8Array> }> {
  let head: Uint8Array = new Uint8Array();
  while (head.length < MAGIC_BYTES) {
    const { done, value } = await source.next();
    if (done === true) break;
    head = head.length === 0 ? value : Buffer.concat([head, value]);
  }
  return { head, rest: prefixed(head, source) };
}

async function* prefixed(
  head: Uint8Array,
  source: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array, void, undefined> {
  if (head.length > 0) yield head;
  yield* source;
}
