/** Freezing and thawing all of a container's processes. */
import { type EngineContext, tell } from "../context.ts";
import { unwatched } from "../health/assess.ts";
import * as messages from "../messages.ts";
import type { Container } from "./container.ts";

export async function pauseContainer(ctx: EngineContext, container: Container): Promise<void> {
  using _held = await ctx.locks.acquire(container.id);
  const { phase } = container;
  if (phase.at === "paused") throw messages.alreadyPaused(container.id);
  if (phase.at === "restarting") throw messages.restartingContainer(container.id);
  if (phase.at !== "running") throw messages.notRunning(container.id);
  await ctx.runtime.pause(container.id, container.spec.hostConfig);
  container.update({ phase: { ...phase, at: "paused" }, ...unwatched(container.state.health) });
  tell(ctx, container, "pause");
}

export async function unpauseContainer(ctx: EngineContext, container: Container): Promise<void> {
  using _held = await ctx.locks.acquire(container.id);
  const { phase } = container;
  if (phase.at !== "paused") throw messages.notPaused(container.id);
  await ctx.runtime.resume(container.id, container.spec.hostConfig);
  container.update({ phase: { ...phase, at: "running" } });
  tell(ctx, container, "unpause");
}
