/** The containers' part of the engine as the HTTP edge uses it: references in, wire shapes out, one action per file behind it. */
import type { Duplex } from "../../base/duplex.ts";
import type { ContainerCreateRequest, ContainerInspect, ContainerUpdateRequest } from "../../wire/container.ts";
import type { Filters } from "../../wire/filters.ts";
import { type EngineContext, tell } from "../context.ts";
import * as messages from "../messages.ts";
import { removeLink, shownLinks } from "../network/links.ts";
import { toMountPoints } from "../volume/mount-point.ts";
import { type AttachOptions, attachContainer, checkAttachable } from "./attach.ts";
import { type CommitOptions, commitContainer } from "./commit.ts";
import { createContainer } from "./create.ts";
import { etcPaths } from "./etc.ts";
import { toInspect } from "./inspect.ts";
import { type ListOptions, listContainers } from "./list.ts";
import { type LogsOptions, readContainerLogs } from "./logs.ts";
import { pauseContainer, unpauseContainer } from "./pause.ts";
import { pruneContainers } from "./prune.ts";
import { removeContainer } from "./remove.ts";
import { renameContainer } from "./rename.ts";
import { killContainer } from "./signal.ts";
import { sizesOf } from "./sizes.ts";
import { startContainer } from "./start.ts";
import { type StatsOptions, statsOf } from "./stats.ts";
import { restartContainer, type StopOptions, stopContainer } from "./stop.ts";
import { topContainer } from "./top.ts";
import { updateContainer } from "./update.ts";
import { type WaitCondition, waitForContainer } from "./wait.ts";

// The shape is stated by the edge (api/backend.ts) and checked where the two are wired.
export function createContainerService(ctx: EngineContext) {
  const find = (ref: string) => ctx.registry.find(ref);
  return {
    create: (name: string | undefined, request: ContainerCreateRequest) => createContainer(ctx, name, request),
    list: (options: ListOptions) => listContainers(ctx, options),
    inspect: async (ref: string, size: boolean): Promise<ContainerInspect> => {
      const container = find(ref);
      const sizes = size ? await sizesOf(ctx, container) : undefined;
      return toInspect(container, {
        paths: ctx.paths,
        etc: etcPaths(ctx, container),
        execIds: runningExecs(ctx, ref),
        sizes,
        mounts: toMountPoints(ctx, container.spec),
        links: shownLinks(ctx, container),
      });
    },
    start: async (ref: string) => startContainer(ctx, find(ref)),
    stop: async (ref: string, options: StopOptions) => stopContainer(ctx, find(ref), options),
    restart: async (ref: string, options: StopOptions) => restartContainer(ctx, find(ref), options),
    kill: async (ref: string, signal: string) => killContainer(ctx, find(ref), { ref, signal }),
    pause: async (ref: string) => pauseContainer(ctx, find(ref)),
    unpause: async (ref: string) => unpauseContainer(ctx, find(ref)),
    rename: async (ref: string, name: string) => renameContainer(ctx, find(ref), name),
    remove: async (ref: string, options: { force: boolean; volumes: boolean; link: boolean }) => {
      if (options.link) return removeLink(ctx, ref);
      return removeContainer(ctx, find(ref), { ...options, ref });
    },
    wait: (ref: string, condition: WaitCondition, signal: AbortSignal) =>
      waitForContainer(find(ref), condition, signal),
    update: async (ref: string, request: ContainerUpdateRequest) => updateContainer(ctx, find(ref), request),
    resize: async (ref: string, height: number, width: number): Promise<void> => {
      const container = find(ref);
      if (container.monitor === undefined) throw messages.notRunning(container.id);
      if (container.spec.config.Tty) await container.monitor.resize(height, width);
      tell(ctx, container, "resize", { height: String(height), width: String(width) });
    },
    top: async (ref: string, psArgs: string) => topContainer(ctx, find(ref), psArgs),
    stats: (ref: string, options: StatsOptions, signal: AbortSignal) => statsOf(ctx, find(ref), options, signal),
    commit: async (ref: string, options: CommitOptions) => commitContainer(ctx, find(ref), options),
    prune: (filters: Filters) => pruneContainers(ctx, filters),
    attachInfo: (ref: string) => checkAttachable(find(ref), ref),
    attach: async (ref: string, options: AttachOptions, peer: Duplex) => attachContainer(ctx, find(ref), options, peer),
    logs: (ref: string, options: LogsOptions, signal: AbortSignal) => {
      const container = find(ref);
      return { tty: container.spec.config.Tty, bytes: readContainerLogs(ctx, container, options, signal) };
    },
  };
}

function runningExecs(ctx: EngineContext, ref: string): string[] {
  return [...ctx.registry.find(ref).execIds].filter((id) => ctx.execs.find(id).phase.at === "running");
}
