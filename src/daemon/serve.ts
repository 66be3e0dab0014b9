/** The engine's services behind its sockets. */
import { existsSync } from "node:fs";
import { hostname } from "node:os";
import { createApi } from "../api/create-api.ts";
import { listen, type Server } from "../api/http/server.ts";
import { VERSION } from "../base/version.ts";
import type { Builder } from "../build/builder.ts";
import { createArchiveService } from "../engine/archive/service.ts";
import { createContainerService } from "../engine/container/service.ts";
import type { EngineContext } from "../engine/context.ts";
import { createExecService } from "../engine/exec/service.ts";
import { createNetworkService } from "../engine/network/service.ts";
import { createRegistryBackend } from "../engine/registries.ts";
import { readHostFacts, readHostLimits } from "../engine/system/facts.ts";
import { registryInfo } from "../engine/system/registries.ts";
import { createSystemService } from "../engine/system/service.ts";
import { createVolumeService } from "../engine/volume/service.ts";
import type { ImageStore } from "../image/images.ts";
import { toOciArchitecture } from "../image/platform.ts";
import { detectCgroups, isPureV2 } from "../kernel/cgroup-layout.ts";
import { buildDir } from "./builds.ts";
import type { EngineConfig } from "./config.ts";

export interface ServeParts {
  readonly hostGateway: () => string;
  readonly engineId: string;
  readonly images: ImageStore;
  readonly activatedFds: number;
  readonly openBuilds: () => Promise<Builder>;
}

/** The built-in runtimes are found by name, the configured ones have their own paths. */
function runtimePaths(ctx: EngineContext, config: EngineConfig): Record<string, string> {
  return Object.fromEntries(ctx.runtime.names.map((name) => [name, config.runtimes[name]?.path ?? name]));
}

export function serve(
  ctx: EngineContext,
  config: EngineConfig,
  { engineId, images, activatedFds, openBuilds, hostGateway }: ServeParts,
): Promise<Server> {
  const { log } = ctx;
  const volumes = createVolumeService(ctx);
  const backend = {
    containers: createContainerService(ctx),
    archives: createArchiveService(ctx),
    execs: createExecService(ctx),
    images,
    registries: createRegistryBackend(images, config.busyboxPath),
    volumes,
    networks: createNetworkService(ctx),
    builds: {
      open: openBuilds,
      exists: () => existsSync(buildDir(config)),
      worker: {
        id: engineId,
        platforms: [{ os: "linux", architecture: toOciArchitecture(process.arch), variant: "" }],
        hostGateway,
        hostname: hostname(),
      },
    },
    system: createSystemService(
      ctx,
      {
        engineId,
        host: readHostFacts(),
        build: { version: VERSION, commit: "" },
        cgroupVersion: isPureV2(detectCgroups()) ? "2" : "1",
        labels: config.labels,
        debug: config.logLevel === "debug",
        runtimes: runtimePaths(ctx, config),
        registries: registryInfo(config.registries),
        countImages: () => images.count(),
        layerForm: () => images.layerForm(),
      },
      { images: () => images.usage(), volumes: volumes.usage },
    ),
  };
  const handler = createApi({ backend, log, version: VERSION, hostLimits: readHostLimits() });
  return listen(config.hosts, handler, { log, activatedFds });
}
