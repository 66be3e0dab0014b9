/** Disk usage of a container: its own files, and with the image's. Bytes. */
import type { EngineContext } from "../context.ts";
import type { Container } from "./container.ts";

export async function sizesOf(
  ctx: EngineContext,
  container: Container,
): Promise<{ SizeRw: number; SizeRootFs: number }> {
  const own = await ctx.roots.sizeRw(container.id);
  const { imageId } = container.spec;
  const image = ctx.images.has(imageId) ? ctx.images.inspect(imageId).Size : 0;
  return { SizeRw: own, SizeRootFs: own + image };
}
