/** A context that lies in a directory of the engine: what `POST /build` was sent. */
import { createId } from "../../base/ids.ts";
import type { DirectorySource } from "../operation.ts";
import type { LoadedSource } from "../solver/solver.ts";
import type { LayerTrees } from "../trees/layer-trees.ts";

export interface DirectorySourceDeps {
  readonly trees: LayerTrees;
  readonly contexts: Contexts;
}

/** Directories that were made for builds. Each stays until its maker wants it away and no build reads it any more. */
export class Contexts {
  readonly #readers = new Map<string, { count: number; readonly gone: PromiseWithResolvers<void> }>();

  read(path: string): () => void {
    const readers = this.#readers.get(path) ?? { count: 0, gone: Promise.withResolvers<void>() };
    this.#readers.set(path, readers);
    readers.count++;
    return () => {
      readers.count--;
      if (readers.count > 0) return;
      this.#readers.delete(path);
      readers.gone.resolve();
    };
  }

  async unread(path: string): Promise<void> {
    await this.#readers.get(path)?.gone.promise;
  }
}

/** Whoever unpacked it deletes it after the build. */
export async function loadDirectory(
  { trees, contexts }: DirectorySourceDeps,
  { path }: DirectorySource,
): Promise<LoadedSource> {
  const name = `directory-${createId()}`;
  const { tree, release } = trees.adopt(path, name);
  const close = contexts.read(path);
  return {
    tree,
    key: `directory:${name}`,
    isCached: false,
    release: () => {
      release();
      close();
    },
  };
}
