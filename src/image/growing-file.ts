/** A body that is stored while it still arrives: written to a file whose growth a second reader follows. */
import { rm } from "node:fs/promises";
import type { IncomingBody } from "../base/lent-socket.ts";
import { spoolGrowing } from "./archive/growth.ts";
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
  // A bad archive is not read to its end, and its sender not waited for.
  undo.defer(() => abort.abort(new Error("context canceled")));
  const { growth } = spoolGrowing(source, { path, maxBytes: limits.maxBytes, signal: abort.signal, files });
  await growth.begun;
  return await layers.stage({ source: { path, available: growth }, signal: abort.signal });
}
