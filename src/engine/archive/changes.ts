/** What a container has changed of its image's files (GET /containers/{id}/changes). */
import { CHANGE_KINDS, type FilesystemChange } from "../../wire/archive.ts";
import type { Container } from "../container/container.ts";
import type { EngineContext } from "../context.ts";
import { openDetached } from "./detached.ts";

/** Sorted by path, a directory before what is in it. */
export async function listChanges(ctx: EngineContext, container: Container): Promise<FilesystemChange[]> {
  const { id, imageId } = container.spec;
  using lower = openDetached(ctx, (target) => ctx.roots.mountLower(id, imageId, target));
  const changes = await ctx.files.changes(ctx.roots.upper(id), lower.procPath);
  return changes.map(({ path, kind }) => ({ Path: Buffer.from(path, "latin1").toString(), Kind: CHANGE_KINDS[kind] }));
}
