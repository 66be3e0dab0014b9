/** Namespaces shared with another container: `--network`, `--pid` and `--ipc container:<ref>`. */

import { conflict } from "../../base/errors.ts";
import type { HostConfig } from "../../wire/host-config.ts";
import type { EngineContext } from "../context.ts";
import * as messages from "../messages.ts";
import { joinedContainer, networkName } from "../network-mode.ts";
import type { Container } from "./container.ts";

export interface JoinedPids {
  readonly pid?: number;
  readonly ipc?: number;
  readonly network?: number;
}

/** Refuses, before anything is made, references to nobody and networks that do not exist. */
export function checkJoinable(ctx: EngineContext, hostConfig: HostConfig): void {
  for (const mode of [hostConfig.PidMode, hostConfig.IpcMode]) {
    const ref = joinedContainer(mode);
    if (ref !== undefined) ctx.registry.find(ref);
  }
  const peer = joinedContainer(hostConfig.NetworkMode);
  if (peer === undefined) ctx.network.check(networkName(hostConfig.NetworkMode));
  else ctx.registry.find(peer);
}

/** The processes whose namespaces a start joins. Throws a conflict when one of them does not run. */
export function resolveJoins(ctx: EngineContext, hostConfig: HostConfig): JoinedPids {
  const pid = joinedPid(ctx, hostConfig.PidMode);
  const ipc = joinedPid(ctx, hostConfig.IpcMode);
  const network = joinedPid(ctx, hostConfig.NetworkMode);
  return {
    ...(pid === undefined ? {} : { pid }),
    ...(ipc === undefined ? {} : { ipc }),
    ...(network === undefined ? {} : { network }),
  };
}

/** The container whose network namespace this one uses; undefined when it has its own. */
export function networkPeer(ctx: EngineContext, hostConfig: HostConfig): Container | undefined {
  const ref = joinedContainer(hostConfig.NetworkMode);
  return ref === undefined ? undefined : ctx.registry.find(ref);
}

function joinedPid(ctx: EngineContext, mode: string): number | undefined {
  const ref = joinedContainer(mode);
  if (ref === undefined) return undefined;
  const peer = ctx.registry.find(ref);
  if (peer.phase.at === "restarting") throw messages.restartingContainer(peer.id);
  if (peer.live === undefined) throw conflict(`cannot join namespace of a non running container: ${peer.id}`);
  return peer.live.pid;
}
