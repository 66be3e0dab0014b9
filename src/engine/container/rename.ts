/** Giving a container another name, running or not. */
import { EngineError } from "../../base/errors.ts";
import { type EngineContext, tell } from "../context.ts";
import * as messages from "../messages.ts";
import type { Container } from "./container.ts";
import { checkName } from "./names.ts";

export async function renameContainer(ctx: EngineContext, container: Container, wanted: string): Promise<void> {
  if (wanted === "") throw messages.emptyName();
  using _held = await ctx.locks.acquire(container.id);
  const oldName = container.name;
  if (wanted.replace(/^\//, "") === oldName) throw messages.sameName();
  ctx.registry.rename(container, newName(ctx, wanted));
  if (container.live !== undefined) {
    container.update({
      endpoints: { ...container.state.endpoints, ...ctx.network.rename(container.id, container.name) },
    });
  }
  tell(ctx, container, "rename", { oldName: `/${oldName}` });
}

function newName({ registry }: EngineContext, wanted: string): string {
  try {
    return checkName(registry, wanted.startsWith("/") ? wanted : `/${wanted}`);
  } catch (error) {
    if (!(error instanceof EngineError)) throw error;
    throw new EngineError(error.kind, `Error when allocating new name: ${error.message}`, { cause: error });
  }
}
