/** One job of a file thread as the engine sees it: what it has answered so far, and how it ends. */
import type { LentBody, LentSocket } from "../../base/lent-socket.ts";
import { duplicate } from "../../kernel/stream-io.ts";
import type { Change } from "../changes.ts";
import { FileError } from "./file-error.ts";
import type { Failure, FromThread, PathFacts, ToThread } from "./protocol.ts";

const NOTHING = new Uint8Array();
/** How many chunks may be on their way to the thread. */
const CHUNK_WINDOW = 16;

type Outgoing = ToThread extends infer Message ? (Message extends ToThread ? Omit<Message, "id"> : never) : never;

export class Call {
  readonly found: Promise<PathFacts>;
  readonly changes: Promise<readonly Change[]>;
  /**
   * Settles once the thread has closed everything, with what a socket gave beyond an archive; rejects with a FileError when the job
   * failed.
   */
  readonly ended: Promise<Uint8Array>;
  readonly #found = Promise.withResolvers<PathFacts>();
  readonly #changes = Promise.withResolvers<readonly Change[]>();
  readonly #ended = Promise.withResolvers<Uint8Array>();
  readonly #post: (message: Outgoing) => void;
  readonly #blocks: Uint8Array[] = [];
  /** Hears how long the file is that a body is stored in. */
  onStored: (bytes: number) => void = () => undefined;
  #onItsWay = 0;
  #isOver = false;
  #wake: (() => void) | undefined;

  constructor(post: (message: Outgoing) => void) {
    this.#post = post;
    this.found = this.#found.promise;
    this.changes = this.#changes.promise;
    this.ended = this.#ended.promise;
    // Whoever is interested looks at one of them.
    for (const promise of [this.found, this.changes, this.ended]) promise.catch(() => undefined);
  }

  hear(message: FromThread): void {
    if (message.type === "found") this.#found.resolve(message.facts);
    else if (message.type === "changes") this.#changes.resolve(message.changes);
    else if (message.type === "block") this.#blocks.push(message.bytes);
    else if (message.type === "taken") this.#onItsWay--;
    else if (message.type === "stored") this.onStored(message.bytes);
    else if (message.type === "failed") this.fail(message.failure);
    else {
      this.#isOver = true;
      this.#ended.resolve(message.rest ?? NOTHING);
    }
    this.#wake?.();
  }

  fail(failure: Failure): void {
    const error = new FileError(failure);
    this.#isOver = true;
    for (const pending of [this.#found, this.#changes, this.#ended]) pending.reject(error);
    this.#wake?.();
  }

  grant(blocks: number): void {
    if (!this.#isOver) this.#post({ type: "grant", blocks });
  }

  /** Undefined at the end. Rejects when the job fails, after the blocks that it had made. */
  async block(): Promise<Uint8Array | undefined> {
    for (;;) {
      const block = this.#blocks.shift();
      if (block !== undefined) return block;
      if (this.#isOver) {
        await this.ended;
        return undefined;
      }
      await this.#news();
    }
  }

  /** Resolves when the thread may be given the next chunk. The chunk is copied. Rejects when the job has failed. */
  async give(chunk: Uint8Array): Promise<void> {
    while (this.#onItsWay >= CHUNK_WINDOW && !this.#isOver) await this.#news();
    if (this.#isOver) await this.ended;
    this.#onItsWay++;
    this.#post({ type: "chunk", bytes: new Uint8Array(chunk) });
  }

  /** Everything goes into this socket. A copy of the descriptor is the thread's from now on. */
  async sendTo({ fd, gone }: LentSocket): Promise<void> {
    this.#post({ type: "sendTo", fd: duplicate(fd).fd });
    void gone.then(() => this.close());
    await this.ended;
  }

  /** Everything comes from this body, which stays lent. Resolves with what came beyond it. */
  async receive({ fd, gone, arrived, framing }: LentBody): Promise<Uint8Array> {
    this.#post({ type: "receive", fd: duplicate(fd).fd, arrived, framing });
    void gone.then(() => this.close());
    return await this.ended;
  }

  /** No more chunks. */
  async finish(): Promise<void> {
    this.#post({ type: "end" });
    await this.ended;
  }

  /** Ends the job if it has not ended, and waits for that. Never rejects. */
  async close(): Promise<void> {
    if (!this.#isOver) this.#post({ type: "cancel" });
    await this.ended.catch(() => undefined);
  }

  async #news(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#wake = resolve;
    });
    this.#wake = undefined;
  }
}
