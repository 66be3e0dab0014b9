/** A tree being packed: goes on by as many blocks as it is granted, and stands still otherwise. */
import type { Block } from "../blocks.ts";
import { packTree } from "../pack.ts";
import { type OpenView, openView } from "../view-request.ts";
import { factsOf } from "./path-facts.ts";
import type { FromThread, Job } from "./protocol.ts";

export class PackJob implements Disposable {
  readonly #id: number;
  readonly #opened: OpenView;
  readonly #blocks: Generator<Block, void, undefined>;
  readonly #send: (message: FromThread) => void;

  /** Tells the facts about the path. Throws SysError when it is not there. */
  constructor(id: number, { view, options }: Extract<Job, { kind: "pack" }>, send: (message: FromThread) => void) {
    using undo = new DisposableStack();
    this.#id = id;
    this.#send = send;
    this.#opened = undo.use(openView(view));
    using place = this.#opened.view.locate(options.path ?? "", { follow: false });
    send({ type: "found", id, facts: factsOf(this.#opened.view, place) });
    this.#blocks = packTree(this.#opened.view, options);
    undo.move();
  }

  grant(blocks: number): "finished" | "more" {
    for (let sent = 0; sent < blocks; sent++) {
      const { done, value } = this.#blocks.next();
      if (done === true) return "finished";
      this.#send({ type: "block", id: this.#id, bytes: value });
    }
    return "more";
  }

  [Symbol.dispose](): void {
    this.#blocks.return();
    this.#opened[Symbol.dispose]();
  }
}
