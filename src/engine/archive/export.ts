/** A container's file tree as one tar (GET /containers/{id}/export): its root, without what is mounted over it. */
import { finishing } from "../../base/async-iterator.ts";
import type { Container } from "../container/container.ts";
import { type EngineContext, tell } from "../context.ts";
import * as messages from "../messages.ts";
import { openBareView } from "./container-view.ts";

/** Read it to its end or return it: the container may be locked. Throws a conflict for a container that is going. */
export async function exportContainer(ctx: EngineContext, container: Container): Promise<AsyncIterable<Uint8Array>> {
  const { at } = container.phase;
  if (at === "dead" || at === "removing") throw messages.notExportable(container.id, at);
  await using undo = new AsyncDisposableStack();
  const view = undo.use(await openBareView(ctx, container));
  const { blocks } = await ctx.files.pack(view.request);
  tell(ctx, container, "export");
  const held = undo.move();
  return finishing(blocks, () => held.disposeAsync());
}
