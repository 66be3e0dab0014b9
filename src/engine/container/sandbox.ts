/** A run's network: a namespace of its own from the pool, the host's, or a peer container's. */
import { EngineError } from "../../base/errors.ts";
import type { EngineContext } from "../context.ts";
import type { Sandbox, SandboxRequest } from "../ports.ts";
import type { Container } from "./container.ts";
import { unaddressed } from "./endpoints.ts";
import { networkPeer } from "./join.ts";

/** Takes what the container's network mode asks for; `disconnect` gives it back. */
export async function connect(ctx: EngineContext, container: Container): Promise<Sandbox> {
  const { hostConfig } = container.spec;
  const peer = networkPeer(ctx, hostConfig);
  if (peer !== undefined) {
    return { netnsPath: `/proc/${peer.live?.pid ?? 0}/ns/net`, endpoints: {}, ports: {}, sandboxId: "" };
  }
  try {
    return await ctx.network.acquire(container.id, toSandboxRequest(container));
  } catch (error) {
    if (!(error instanceof EngineError)) throw error;
    throw new EngineError(error.kind, `failed to set up container networking: ${error.message}`, { cause: error });
  }
}

/** The same for every run of a container. */
export function toSandboxRequest({ name, spec, state }: Container): SandboxRequest {
  return { name, config: spec.config, hostConfig: spec.hostConfig, endpoints: state.endpoints };
}

/** Tells the connections of a run that has started. */
export function tellConnected(ctx: EngineContext, container: Container): void {
  tellNetworks(ctx, container, "connect");
}

/** Gives the run's network back and tells it. Idempotent. */
export function disconnect(ctx: EngineContext, container: Container): void {
  ctx.network.release(container.id);
  if (container.state.sandboxId === "") return;
  tellNetworks(ctx, container, "disconnect");
  container.update({ sandboxId: "", ports: {}, endpoints: unaddressed(container.state.endpoints) });
}

function tellNetworks(ctx: EngineContext, container: Container, action: "connect" | "disconnect"): void {
  for (const [name, endpoint] of Object.entries(container.state.endpoints)) {
    const type = name === "none" ? "null" : name;
    ctx.events.publish({
      type: "network",
      action,
      id: endpoint.NetworkID,
      attributes: { container: container.id, name, type },
    });
  }
}
