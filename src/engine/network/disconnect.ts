/** Taking a container off a network, running or not (moby v28 daemon/container_operations.go, DisconnectFromNetwork). */
import { notFound, systemError } from "../../base/errors.ts";
import { inHostMode } from "../../network/messages.ts";
import type { NetworkRecord } from "../../state/network-record.ts";
import type { EndpointSettings } from "../../wire/container.ts";
import type { NetworkDisconnectRequest } from "../../wire/network.ts";
import type { Container } from "../container/container.ts";
import { tellConnection } from "../container/sandbox.ts";
import type { EngineContext } from "../context.ts";
import { changeConnections } from "./change.ts";
import { checkChangeable } from "./connect.ts";

/** With `Force` also off a network that is gone. */
export async function disconnectContainer(
  ctx: EngineContext,
  ref: string,
  { Container: containerRef, Force: force }: NetworkDisconnectRequest,
): Promise<void> {
  const container = findContainer(ctx, ref, containerRef, force);
  using _held = await ctx.locks.acquire(container.id);
  checkChangeable(container);
  const record = findNetwork(ctx, ref, container.live === undefined || force);
  const name = record?.name ?? ref;
  const { id } = container;
  if (container.live === undefined || record === undefined) {
    if (!(name in container.state.endpoints)) {
      throw systemError(`container ${id} is not connected to the network ${name}`);
    }
    forget(ctx, container, name);
  } else {
    if (record.driver === "host" && container.spec.hostConfig.NetworkMode === "host") throw inHostMode();
    if (!(name in container.state.endpoints)) throw systemError(`container ${id} is not connected to network ${name}`);
    tellConnection(ctx, container, name, "disconnect");
    await takeOff(ctx, container, name);
    return;
  }
  if (record !== undefined) {
    ctx.events.publish({
      type: "network",
      action: "disconnect",
      id: record.id,
      attributes: { container: id, name, type: record.driver },
    });
  }
}

/** It is forgotten first: what a crash leaves of a connection that nobody knows of is taken away by the next engine. */
async function takeOff(ctx: EngineContext, container: Container, name: string): Promise<void> {
  const { EndpointsConfig: wanted } = container.spec.networkingConfig;
  const { endpoints, ports } = container.state;
  forget(ctx, container, name);
  try {
    const connections = await ctx.network.disconnect(container.id, name);
    changeConnections(ctx, container, { wanted: without(wanted, name), ...connections });
  } catch (error) {
    changeConnections(ctx, container, { wanted, endpoints, ports });
    throw error;
  }
}

function findContainer(ctx: EngineContext, network: string, ref: string, force: boolean): Container {
  try {
    return ctx.registry.find(ref);
  } catch (error) {
    if (!force) throw error;
    ctx.network.find(network);
    throw notFound(`endpoint ${ref} not found`);
  }
}

function findNetwork(ctx: EngineContext, ref: string, mayBeGone: boolean): NetworkRecord | undefined {
  try {
    return ctx.network.find(ref);
  } catch (error) {
    if (!mayBeGone) throw error;
    return undefined;
  }
}

function forget(ctx: EngineContext, container: Container, name: string): void {
  changeConnections(ctx, container, {
    wanted: without(container.spec.networkingConfig.EndpointsConfig, name),
    endpoints: without(container.state.endpoints, name),
    ports: container.state.ports,
  });
}

type Endpoints = Readonly<Record<string, EndpointSettings>>;

const without = (endpoints: Endpoints, name: string): Record<string, EndpointSettings> =>
  Object.fromEntries(Object.entries(endpoints).filter(([each]) => each !== name));
