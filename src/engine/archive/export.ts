/** A container's file tree as one tar (GET /containers/{id}/export): its root, without what is mounted over it. */
import type { OutgoingBody } from "../../base/lent-socket.ts";
import type { Container } from "../container/container.ts";
import { type EngineContext, tell } from "../context.ts";
import * as messages from "../messages.ts";
import { openBareView } from "./container-view.ts";
import { toOutgoing } from "./outgoing.ts";

/** Read it to its end or return it: the container may be locked. Throws a conflict for a container that is going. */
export async function exportContainer(ctx: EngineContext, container: Container): Promise<OutgoingBody> {
  const { at } = container.phase;
  if (at === "dead" || at === "removing") throw messages.notExportable(container.id, at);
  await using undo = new AsyncDisposableStack();
  const view = undo.use(await openBareView(ctx, container));
  const packing = await ctx.files.pack(view.request);
  tell(ctx, container, "export");
  return toOutgoing(packing, undo.move());
}
