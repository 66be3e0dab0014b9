/** A run's network: a namespace of its own from the pool, the host's, or a peer container's. */
import { EngineError } from "../../base/errors.ts";
import type { EngineContext } from "../context.ts";
import { checkLinks } from "../network/links.ts";
import type { Sandbox, SandboxRequest } from "../ports.ts";
import type { Container } from "./container.ts";
import { boundEndpoints, unaddressed } from "./endpoints.ts";
import { networkPeer } from "./join.ts";

/** Takes what the container's network mode asks for; `disconnect` gives it back. */
export async function connect(ctx: EngineContext, container: Container): Promise<Sandbox> {
  const { hostConfig } = container.spec;
  const peer = networkPeer(ctx, hostConfig);
  if (peer !== undefined) {
    return { netnsPath: `/proc/${peer.live?.pid ?? 0}/ns/net`, endpoints: {}, ports: {}, sandboxId: "" };
  }
  checkLinks(ctx, container);
  try {
    return await ctx.network.acquire(container.id, toSandboxRequest(container));
  } catch (error) {
    if (!(error instanceof EngineError)) throw error;
    throw new EngineError(error.kind, `failed to set up container networking: ${error.message}`, { cause: error });
  }
}

export function toSandboxRequest({ name, spec, state }: Container): SandboxRequest {
  const endpoints = boundEndpoints(spec.networkingConfig.EndpointsConfig, state.endpoints);
  return { name, config: spec.config, hostConfig: spec.hostConfig, endpoints };
}

/** Tells the connections of a run that begins or ends. */
export function tellConnections(ctx: EngineContext, container: Container, action: "connect" | "disconnect"): void {
  for (const name of Object.keys(container.state.endpoints)) tellConnection(ctx, container, name, action);
}

export function tellConnection(
  ctx: EngineContext,
  container: Container,
  name: string,
  action: "connect" | "disconnect",
): void {
  const id = container.state.endpoints[name]?.NetworkID ?? "";
  const type = ctx.network.list().find((record) => record.id === id)?.driver ?? "";
  ctx.events.publish({ type: "network", action, id, attributes: { container: container.id, name, type } });
}

/** Gives the run's network back. Idempotent. */
export function disconnect(ctx: EngineContext, container: Container): void {
  ctx.network.release(container.id);
  if (container.state.sandboxId === "") return;
  container.update({ sandboxId: "", ports: {}, endpoints: unaddressed(container.state.endpoints) });
}
