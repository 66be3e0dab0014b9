/** Records that a container's connections have changed, and makes its own files follow. */
import type { EndpointSettings } from "../../wire/container.ts";
import type { Container } from "../container/container.ts";
import { toEtcRequest } from "../container/etc.ts";
import type { EngineContext } from "../context.ts";
import type { Connections } from "../ports.ts";

export interface ChangedConnections extends Connections {
  /** What it asks for at every start. */
  readonly wanted: Readonly<Record<string, EndpointSettings>>;
}

export function changeConnections(
  ctx: EngineContext,
  container: Container,
  { wanted, endpoints, ports }: ChangedConnections,
): void {
  const before = toEtcRequest(ctx, container);
  container.updateSpec({ networkingConfig: { EndpointsConfig: { ...wanted } } });
  container.update({ endpoints, ports });
  const after = toEtcRequest(ctx, container);
  if (container.live === undefined || Bun.deepEquals(before, after)) return;
  ctx.etcFiles.update(ctx.paths.container(container.id), before, after);
}
