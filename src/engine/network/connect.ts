/** Putting a container on one more network, running or not (moby v28 daemon/container_operations.go, ConnectToNetwork). */
import { conflict, invalidParameter } from "../../base/errors.ts";
import { namesOf } from "../../network/container-names.ts";
import { noneAndOthers, notHostMode, sharedNamespace } from "../../network/messages.ts";
import type { NetworkRecord } from "../../state/network-record.ts";
import type { EndpointSettings } from "../../wire/container.ts";
import { emptyEndpoint } from "../../wire/empty.ts";
import type { NetworkConnectRequest } from "../../wire/network.ts";
import { endpointProblems, isMac } from "../../wire/validate/endpoint.ts";
import { listProblems } from "../../wire/validate/problems.ts";
import type { Container } from "../container/container.ts";
import { askedFor } from "../container/endpoints.ts";
import { tellConnection, toSandboxRequest } from "../container/sandbox.ts";
import type { EngineContext } from "../context.ts";
import { joinedContainer } from "../network-mode.ts";
import { changeConnections } from "./change.ts";

/** A container that does not run is put there at its next start, also on a network that there is not yet. */
export async function connectContainer(ctx: EngineContext, ref: string, request: NetworkConnectRequest): Promise<void> {
  const container = ctx.registry.find(request.Container);
  using _held = await ctx.locks.acquire(container.id);
  checkChangeable(container);
  const wanted = askedFor(request.EndpointConfig ?? emptyEndpoint());
  if (wanted.MacAddress !== "" && !isMac(wanted.MacAddress)) {
    throw invalidParameter(`invalid MAC address ${wanted.MacAddress}`);
  }
  const record = findFor(ctx, container, wanted.NetworkID || ref);
  if (record !== undefined) checkConnectable(container, record, wanted, ctx.network.problems(record, wanted));
  const name = record?.name ?? ref;
  if (container.live === undefined) {
    // It keeps the place that it has there.
    if (name in container.state.endpoints) return;
    const names = record === undefined ? null : namesOf(container.id, toSandboxRequest(container), wanted);
    const planned = { ...wanted, MacAddress: "", NetworkID: record?.id ?? "", DNSNames: names };
    changeConnections(ctx, container, {
      wanted: { ...container.spec.networkingConfig.EndpointsConfig, [name]: wanted },
      endpoints: { ...container.state.endpoints, [name]: planned },
      ports: container.state.ports,
    });
    return;
  }
  const connections = await ctx.network.connect(container.id, name, wanted);
  changeConnections(ctx, container, {
    wanted: { ...container.spec.networkingConfig.EndpointsConfig, [name]: wanted },
    ...connections,
  });
  tellConnection(ctx, container, name, "connect");
}

/** What is being removed is left alone. */
export function checkChangeable({ id, phase }: Container): void {
  if (phase.at !== "removing" && phase.at !== "dead") return;
  throw conflict(`Container ${id} is marked for removal and cannot be connected or disconnected from the network`);
}

/** Undefined only for a container that does not run. */
function findFor(ctx: EngineContext, container: Container, ref: string): NetworkRecord | undefined {
  if (container.live !== undefined) return ctx.network.find(ref);
  try {
    return ctx.network.find(ref);
  } catch {
    return undefined;
  }
}

function checkConnectable(
  container: Container,
  record: NetworkRecord,
  wanted: EndpointSettings,
  problems: readonly string[],
): void {
  const { NetworkMode } = container.spec.hostConfig;
  if (NetworkMode === "host" || joinedContainer(NetworkMode) !== undefined) throw sharedNamespace();
  if (record.name === "host") throw notHostMode();
  const isOnNone = "none" in container.state.endpoints;
  if (record.name === "none" || isOnNone) throw noneAndOthers();
  const all = [...endpointProblems(record.name, wanted), ...problems];
  if (all.length > 0) throw invalidParameter(`invalid endpoint settings:\n${listProblems(all)}`);
}
