/** An archive being unpacked as its chunks arrive. */
import { TarReader } from "../../base/tar/reader.ts";
import { closeWhole, decompress, detectCompression, MAGIC_BYTES } from "../compression.ts";
import { ARCHIVE_LIMITS, TreeUnpacker } from "../unpack.ts";
import type { TreeView } from "../view.ts";
import { openView } from "../view-request.ts";
import { factsOf } from "./path-facts.ts";
import type { FromThread, Job } from "./protocol.ts";

type Unpack = Extract<Job, { kind: "unpack" }>;

export class UnpackJob {
  /** Settles once everything is closed. */
  readonly finished: Promise<void>;
  readonly #id: number;
  readonly #send: (message: FromThread) => void;
  readonly #waiting: Uint8Array[] = [];
  #ended = false;
  #failure: Error | undefined;
  #wake: (() => void) | undefined;

  constructor(id: number, job: Unpack, send: (message: FromThread) => void) {
    this.#id = id;
    this.#send = send;
    this.finished = this.#run(job);
  }

  take(chunk: Uint8Array): void {
    this.#waiting.push(chunk);
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

  async #run({ view, options }: Unpack): Promise<void> {
    using opened = openView(view);
    const path = this.#find(opened.view, options.path);
    using unpacker = new TreeUnpacker(opened.view, { ...options, path });
    const reader = new TarReader(unpacker, ARCHIVE_LIMITS);
    const { head, rest } = await peek(this.#chunks());
    const compression = detectCompression(head);
    for await (const chunk of decompress(rest, compression)) reader.push(chunk);
    if (head.length > 0) closeWhole(reader, compression);
    unpacker.finish();
  }

  /** Tells the facts about the directory; returns its own path. */
  #find(view: TreeView, path: string): string {
    using place = view.locate(path);
    this.#send({ type: "found", id: this.#id, facts: factsOf(view, place) });
    return place.path;
  }

  async *#chunks(): AsyncGenerator<Uint8Array, void, undefined> {
    for (;;) {
      if (this.#failure !== undefined) throw this.#failure;
      const chunk = this.#waiting.shift();
      if (chunk !== undefined) {
        yield chunk;
        this.#send({ type: "taken", id: this.#id });
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
