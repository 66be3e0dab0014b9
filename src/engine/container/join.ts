/** Namespaces shared with another container: `--network`, `--pid` and `--ipc container:<ref>`. */

import { conflict, invalidParameter, messageOf, systemError } from "../../base/errors.ts";
import type { HostConfig } from "../../wire/host-config.ts";
import type { EngineContext } from "../context.ts";
import * as messages from "../messages.ts";
import { joinedContainer } from "../network-mode.ts";
import type { Container } from "./container.ts";
import type { Registry } from "./registry.ts";

export interface JoinedPids {
  readonly pid?: number;
  readonly ipc?: number;
  readonly network?: number;
}

/**
 * Refuses references to nobody before anything is made. Networks are looked for at the start only, as with Docker: a client
 * takes a create that finds something missing for a missing image.
 */
export function checkReferences({ registry }: EngineContext, { PidMode, IpcMode }: HostConfig): void {
  const joined = [PidMode, IpcMode].map(joinedContainer).filter((ref) => ref !== undefined);
  for (const ref of joined) findReferred(registry, ref);
}

/** The reference is part of a request, so that an unknown one makes the request wrong. */
function findReferred(registry: Registry, ref: string, prefix = ""): Container {
  try {
    return registry.find(ref);
  } catch (error) {
    const what = prefix === "" ? "" : `${prefix}${ref}: `;
    throw invalidParameter(`${what}${messageOf(error)}`, { cause: error });
  }
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
  if (ref === undefined) return undefined;
  try {
    return ctx.registry.find(ref);
  } catch (error) {
    throw systemError(`joining network namespace of container: ${messageOf(error)}`, { cause: error });
  }
}

function joinedPid(ctx: EngineContext, mode: string): number | undefined {
  const ref = joinedContainer(mode);
  if (ref === undefined) return undefined;
  const peer = ctx.registry.find(ref);
  if (peer.phase.at === "restarting") throw messages.restartingContainer(peer.id);
  if (peer.live === undefined) throw conflict(`cannot join namespace of a non running container: ${peer.id}`);
  return peer.live.pid;
}
