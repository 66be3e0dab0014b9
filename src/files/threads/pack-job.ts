/** A tree being packed: goes on by as many blocks as it is granted, or by itself into a socket. */
import { OwnedFd } from "../../kernel/fd.ts";
import type { Block } from "../blocks.ts";
import { type PackedRange, packBlocks, packPieces } from "../pack.ts";
import type { Readiness } from "../readiness.ts";
import { sendChunk } from "../socket-body.ts";
import type { Place } from "../view.ts";
import { type OpenView, openView } from "../view-request.ts";
import { factsOf } from "./path-facts.ts";
import type { FromThread, Job } from "./protocol.ts";

type Pack = Extract<Job, { kind: "pack" }>;

export class PackJob implements Disposable {
  readonly #id: number;
  readonly #request: Pack;
  readonly #opened: OpenView;
  /** What was found is what is packed, whatever takes its name meanwhile. */
  readonly #top: Place;
  readonly #send: (message: FromThread) => void;
  #blocks: Generator<Block, void, undefined> | undefined;
  #pieces: Generator<Block | PackedRange, void, undefined> | undefined;
  #isOver = false;

  /** Tells the facts about the path. Throws SysError when it is not there. */
  constructor(id: number, request: Pack, send: (message: FromThread) => void) {
    using undo = new DisposableStack();
    this.#id = id;
    this.#request = request;
    this.#send = send;
    this.#opened = undo.use(openView(request.view));
    this.#top = undo.use(this.#opened.view.locate(request.options.path ?? "", { follow: false }));
    send({ type: "found", id, facts: factsOf(this.#opened.view, this.#top) });
    undo.move();
  }

  grant(blocks: number): "finished" | "more" {
    this.#blocks ??= packBlocks(this.#opened.view, this.#top, this.#request.options);
    for (let sent = 0; sent < blocks; sent++) {
      const { done, value } = this.#blocks.next();
      if (done === true) return "finished";
      this.#send({ type: "block", id: this.#id, bytes: value });
    }
    return "more";
  }

  /** Resolves when everything is sent. Rejects when the socket is gone, or this has been disposed of. */
  async sendTo(fd: number, readiness: Readiness): Promise<void> {
    using socket = new OwnedFd(fd);
    const check = (): void => {
      if (this.#isOver) throw new Error("context canceled");
    };
    this.#pieces = packPieces(this.#opened.view, this.#top, this.#request.options);
    for (const piece of this.#pieces) {
      await sendChunk(socket.fd, piece, { readiness, check });
      check();
    }
  }

  [Symbol.dispose](): void {
    this.#isOver = true;
    this.#blocks?.return();
    this.#pieces?.return();
    this.#top[Symbol.dispose]();
    this.#opened[Symbol.dispose]();
  }
}
