/**
 * The engine's side of the file threads: started when there is work, ended when there has been none for a while. Streams flow
 * as fast as their slower end, and a job is over only once its thread has closed everything.
 */
import { finishing } from "../../base/async-iterator.ts";
import type { IncomingBody, LentBody, LentSocket } from "../../base/lent-socket.ts";
import { duplicate } from "../../kernel/stream-io.ts";
import type { Block } from "../blocks.ts";
import type { Change } from "../changes.ts";
import type { Slice } from "../compression.ts";
import type { PackOptions } from "../pack.ts";
import type { UnpackOptions } from "../unpack.ts";
import type { ViewRequest } from "../view-request.ts";
import { Call } from "./call.ts";
import type { FromThread, Job, PathFacts, ToThread } from "./protocol.ts";

/** A tree on its way into an archive. */
export interface Packing {
  readonly facts: PathFacts;
  /** Read them to their end or return them, else the thread waits for ever. */
  readonly blocks: AsyncIterableIterator<Uint8Array>;
  /** Sends them all into a socket instead, as chunks of HTTP/1.1, which is several times faster. */
  readonly sendTo: (socket: LentSocket) => Promise<void>;
}

export interface UnpackRequest {
  readonly view: ViewRequest;
  readonly options: UnpackOptions;
  /** Plain or compressed; one that can be lent is unpacked several times faster. */
  readonly archive: IncomingBody;
  /** Looks at what `options.path` is before anything of the archive is read; what it throws is the outcome. */
  readonly check?: (facts: PathFacts) => void;
}

export interface StoreRequest {
  readonly path: string;
  /** Beyond it the body is refused as too large an archive. */
  readonly maxBytes: number;
  readonly signal: AbortSignal;
  readonly onStored: (bytes: number) => void;
}

/** More than the cores of a small machine: one may hang on a dead network file system. */
const MAX_THREADS = 4;
const READ_AHEAD_BLOCKS = 8;
const IDLE_MS = 10_000;

/** Paths in requests have one character a byte. What fails rejects with a FileError. */
export class FileThreads {
  readonly #threads: Thread[] = [];

  /** The archive of `options.path`. Rejects when it is not there. */
  async pack(view: ViewRequest, options: PackOptions = {}): Promise<Packing> {
    const call = this.#call({ kind: "pack", view, options });
    const facts = await call.found;
    return {
      facts,
      blocks: finishing(blocksOf(call), () => call.close()),
      sendTo: (socket) => call.sendTo(socket),
    };
  }

  async unpack({ view, options, archive, check = () => undefined }: UnpackRequest): Promise<void> {
    const call = this.#call({ kind: "unpack", view, options });
    try {
      check(await call.found);
      const lent = await archive.lendBody?.();
      if (lent === undefined) await giveAll(call, archive.body);
      else await receiveAll(call, lent);
    } finally {
      await call.close();
    }
  }

  /** Sends bytes and stretches of files into a socket, as chunks of HTTP/1.1. */
  async send(pieces: readonly (Block | Slice)[], { fd, gone }: LentSocket): Promise<void> {
    const call = this.#call({ kind: "send", fd: duplicate(fd).fd, pieces });
    void gone.then(() => call.close());
    await call.ended;
  }

  /** Writes a body into a new file and gives it back. `onStored` hears how long the file has become, at first 0. */
  async store(lent: LentBody, { path, maxBytes, signal, onStored }: StoreRequest): Promise<void> {
    const { arrived, framing } = lent;
    const body = { fd: duplicate(lent.fd).fd, arrived, framing };
    const call = this.#call({ kind: "store", path, maxBytes, body });
    call.onStored = onStored;
    const close = (): void => void call.close();
    void lent.gone.then(close);
    signal.addEventListener("abort", close);
    let rest: Uint8Array | "broken" = "broken";
    try {
      rest = await call.ended;
    } finally {
      signal.removeEventListener("abort", close);
      lent.giveBack(rest);
    }
  }

  stat(view: ViewRequest, path: string): Promise<PathFacts> {
    return this.#call({ kind: "stat", view, path }).found;
  }

  /** What the upper directory of an overlay changes in the tree below. */
  changes(upper: string, image: string): Promise<readonly Change[]> {
    return this.#call({ kind: "changes", upper, image }).changes;
  }

  #call(job: Job): Call {
    return this.#freest().call(job);
  }

  #freest(): Thread {
    const [freest] = this.#threads.toSorted((a, b) => a.load - b.load);
    if (freest !== undefined && (freest.load === 0 || this.#threads.length === MAX_THREADS)) return freest;
    const thread = new Thread(() => this.#threads.splice(this.#threads.indexOf(thread), 1));
    this.#threads.push(thread);
    return thread;
  }
}

async function giveAll(call: Call, archive: AsyncIterable<Uint8Array>): Promise<void> {
  for await (const chunk of archive) await call.give(chunk);
  await call.finish();
}

async function receiveAll(call: Call, lent: LentBody): Promise<void> {
  let rest: Uint8Array | "broken" = "broken";
  try {
    rest = await call.receive(lent);
  } finally {
    await call.close();
    lent.giveBack(rest);
  }
}

async function* blocksOf(call: Call): AsyncGenerator<Uint8Array, void, undefined> {
  call.grant(READ_AHEAD_BLOCKS);
  for (let block = await call.block(); block !== undefined; block = await call.block()) {
    yield block;
    call.grant(1);
  }
}

class Thread {
  readonly #worker: Worker;
  readonly #calls = new Map<number, Call>();
  readonly #onGone: () => void;
  #nextId = 0;
  #idle: NodeJS.Timeout | undefined;

  constructor(onGone: () => void) {
    this.#onGone = onGone;
    this.#worker = new Worker(new URL("./thread.ts", import.meta.url), { smol: true });
    // It must not keep the process alive: an engine that is done ends.
    this.#worker.unref();
    this.#worker.onmessage = ({ data }: MessageEvent<FromThread>) => this.#hear(data);
    this.#worker.onerror = ({ message }) => this.#die(message);
  }

  get load(): number {
    return this.#calls.size;
  }

  call(job: Job): Call {
    clearTimeout(this.#idle);
    const id = ++this.#nextId;
    const call = new Call((message) => this.#post({ ...message, id }));
    this.#calls.set(id, call);
    this.#post({ type: "job", id, job });
    return call;
  }

  #post(message: ToThread): void {
    this.#worker.postMessage(message, message.type === "chunk" ? [message.bytes.buffer] : []);
  }

  #hear(message: FromThread): void {
    const call = this.#calls.get(message.id);
    if (message.type === "done" || message.type === "failed") this.#calls.delete(message.id);
    call?.hear(message);
    if (this.#calls.size > 0) return;
    this.#idle = setTimeout(() => this.#end(), IDLE_MS);
    this.#idle.unref();
  }

  #end(): void {
    this.#onGone();
    this.#worker.terminate();
  }

  #die(reason: string): void {
    this.#end();
    for (const call of this.#calls.values()) {
      call.fail({ message: `a file thread failed: ${reason}`, isArchive: false });
    }
  }
}
