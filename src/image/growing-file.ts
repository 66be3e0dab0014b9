/** A body that is stored while it still arrives: written to a file whose growth a second reader follows. */
import { rm } from "node:fs/promises";
import type { IncomingBody } from "../base/lent-socket.ts";
import { spool } from "./archive/spool.ts";
import type { ImageContext } from "./context.ts";
import type { StagedLayer } from "./layers/layer-store.ts";

/**
 * Takes a layer's tar, plain or compressed, into the store under no name: inflated, hashed and indexed as it comes. Rejects with what the
 * sender or the archive is to blame for, and then leaves nothing.
 */
export async function stageStream(
  { layers, limits, files }: Pick<ImageContext, "layers" | "limits" | "files">,
  source: IncomingBody,
): Promise<StagedLayer> {
  const abort = new AbortController();
  const path = layers.temporary();
  await using undo = new AsyncDisposableStack();
  undo.defer(() => rm(path, { force: true }));
  const growth = new Growth();
  const onWritten = (bytes: number): void => growth.reached(bytes);
  // A bad archive is not read to its end, and its sender not waited for.
  undo.defer(() => abort.abort(new Error("context canceled")));
  spool(source, { path, maxBytes: limits.maxBytes, signal: abort.signal, files, onWritten }).then(
    () => growth.end(),
    (error: unknown) => growth.end(error instanceof Error ? error : new Error(String(error))),
  );
  await growth.begun;
  return await layers.stage({ source: { path, available: growth }, signal: abort.signal });
}

/** How far a file has been written, told to one reader. */
class Growth implements AsyncIterable<number> {
  #bytes = 0;
  #ended = false;
  #failure: Error | undefined;
  #begun = Promise.withResolvers<void>();
  #wake = Promise.withResolvers<void>();

  /** Resolves once the file exists, or never will. */
  get begun(): Promise<void> {
    return this.#begun.promise;
  }

  reached(bytes: number): void {
    this.#bytes = bytes;
    this.#begun.resolve();
    this.#wake.resolve();
  }

  end(failure?: Error): void {
    this.#ended = true;
    this.#failure = failure;
    this.#begun.resolve();
    this.#wake.resolve();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<number> {
    for (let told = -1; ; ) {
      if (this.#failure !== undefined) throw this.#failure;
      if (this.#bytes > told) yield (told = this.#bytes);
      else if (this.#ended) return;
      else {
        await this.#wake.promise;
        this.#wake = Promise.withResolvers();
      }
    }
  }
}
