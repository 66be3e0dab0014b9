/** The composition root: brings what an earlier engine left to order, opens the sockets, and closes everything again. */
import { join } from "node:path";
import type { Logger } from "../base/log.ts";
import { endFetches, sweepRuns } from "../build/sweep-runs.ts";
import { pinBuildLayers } from "../build/trees/layer-records.ts";
import type { EngineContext } from "../engine/context.ts";
import { recover, startByPolicy } from "../engine/recovery/recover.ts";
import type { ImageStore } from "../image/images.ts";
import { removeIfEmpty } from "../kernel/cgroup.ts";
import { type Outcome as FavorOutcome, favorDynamicCgroups } from "../kernel/cgroup-latency.ts";
import { detectCgroups } from "../kernel/cgroup-layout.ts";
import { buildDir, buildRunDir, buildsOnDemand } from "./builds.ts";
import type { EngineConfig } from "./config.ts";
import { createRooms } from "./rooms.ts";
import { serve } from "./serve.ts";

export interface RunningEngine {
  /** Ends requests, finishes what is being cleaned up, closes everything. Containers go on. */
  stop(): Promise<void>;
}

/** Recovers what an earlier engine left before the first request is served. */
export async function compose(config: EngineConfig, log: Logger, activatedFds: number): Promise<RunningEngine> {
  const { engineId, db, images, network, ctx } = createRooms(config, log);
  if (config.favorDynamicCgroups) tellFavored(log, favorDynamicCgroups());
  ctx.paths.make();
  const pins = pinBuildLayers(db, (layers) => images.rootLayers.pin(layers));
  await recover(ctx);
  sweepRuns(buildRunDir(config));
  endFetches(buildDir(config));
  await images.sweep();
  const openBuilds = buildsOnDemand(ctx, config, { db, images, pins });
  const parts = { engineId, images, activatedFds, openBuilds, hostGateway: () => network.gateway };
  const server = await serve(ctx, config, parts);
  ctx.background.run("network.start.failed", () => network.start());
  startByPolicy(ctx);
  const gc = config.imageGc === undefined ? undefined : collectRegularly(ctx, images);
  return {
    stop: async () => {
      clearInterval(gc);
      await server.close();
      await Promise.all([ctx.background.idle(), ctx.locks.idle()]);
      await network.stop();
      await images.close();
      removeIfEmpty(detectCgroups(), join("/", config.cgroupParent));
      db.close();
    },
  };
}

const GC_EVERY_MS = 60_000;

/** Deletes unused images whenever the disk has become too full. */
function collectRegularly({ background, log }: EngineContext, images: ImageStore): ReturnType<typeof setInterval> {
  const collect = async (): Promise<void> => {
    const gone = await images.relieve();
    if (gone.length > 0) log.info("image.gc", { images: gone });
  };
  return setInterval(() => background.run("image.gc.failed", collect), GC_EVERY_MS).unref();
}

/** A change to the whole machine is said aloud. */
function tellFavored(log: Logger, outcome: FavorOutcome): void {
  if (outcome === "set") {
    log.info("cgroup.favordynmods.set", {
      meaning: "cgroup changes no longer wait for RCU",
      off: "cgroup-favordynmods: false",
    });
  }
}
