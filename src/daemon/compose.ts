/** The composition root: makes every room of one engine and joins them. Nothing else knows which implementation stands behind an interface. */
import type { Database } from "bun:sqlite";
import { cpus, hostname as hostName } from "node:os";
import { join } from "node:path";
import { createApi } from "../api/create-api.ts";
import { listen, type Server } from "../api/http/server.ts";
import { Background } from "../base/background.ts";
import { KeyedLocks } from "../base/locks.ts";
import type { Logger } from "../base/log.ts";
import { VERSION } from "../base/version.ts";
import type { Builder } from "../build/builder.ts";
import type { LayerId } from "../build/tree.ts";
import { pinBuildLayers } from "../build/trees/layer-records.ts";
import { createArchiveService } from "../engine/archive/service.ts";
import { Registry } from "../engine/container/registry.ts";
import { createContainerService } from "../engine/container/service.ts";
import type { EngineContext } from "../engine/context.ts";
import { EventBus } from "../engine/events.ts";
import { createExecService } from "../engine/exec/service.ts";
import { ExecSessions } from "../engine/exec/sessions.ts";
import { createNetworkService } from "../engine/network/service.ts";
import { createPaths } from "../engine/paths.ts";
import { recover, startByPolicy } from "../engine/recovery/recover.ts";
import { createRegistryBackend } from "../engine/registries.ts";
import { readHostFacts } from "../engine/system/facts.ts";
import { createSystemService } from "../engine/system/service.ts";
import { createVolumeService } from "../engine/volume/service.ts";
import { FileThreads } from "../files/threads/threads.ts";
import { createImages, type ImageStore } from "../image/images.ts";
import { toOciArchitecture } from "../image/platform.ts";
import { createRoots } from "../image/roots.ts";
import { removeIfEmpty } from "../kernel/cgroup.ts";
import { type Outcome as FavorOutcome, favorDynamicCgroups } from "../kernel/cgroup-latency.ts";
import { detectCgroups, isPureV2 } from "../kernel/cgroup-layout.ts";
import { createContainerDns } from "../network/container-dns.ts";
import { createResolver } from "../network/dns/resolver.ts";
import { createEtcFiles } from "../network/etc-files.ts";
import { subnetPools } from "../network/ipam/subnet-pools.ts";
import { createNetwork } from "../network/network.ts";
import { Relay } from "../network/ports/relay.ts";
import { createRuntime } from "../runtime/runtime.ts";
import type { ContainerSpec } from "../state/container-record.ts";
import { createContainerRows } from "../state/container-rows.ts";
import { openDatabase } from "../state/database.ts";
import { createNetworkRows } from "../state/network-rows.ts";
import { createVolumeRows } from "../state/volume-rows.ts";
import { LocalVolumes } from "../volume/volumes.ts";
import type { EngineConfig } from "./config.ts";
import { readEngineId } from "./engine-id.ts";
import { nativePrograms } from "./programs.ts";

export interface RunningEngine {
  /** Ends requests, finishes what is being cleaned up, closes everything. Containers go on. */
  stop(): Promise<void>;
}

/** Recovers what an earlier engine left before the first request is served. */
export async function compose(config: EngineConfig, log: Logger, activatedFds: number): Promise<RunningEngine> {
  const { root, run } = config;
  const engineId = readEngineId(root);
  const paths = createPaths(root, run);
  const db = openDatabase(join(root, "tare.db"));
  const events = new EventBus();
  const registry = new Registry();
  const files = new FileThreads();
  const images = createImages({
    dir: join(root, "images"),
    layerBackings: config.layerBackings,
    pressure: config.imageGc,
    registries: config.registries,
    files,
    db,
    usedBy: (imageId) => imageUsers(registry, imageId),
    emit: (action, id, attributes) => events.publish({ type: "image", action, id, attributes }),
  });
  const programs = nativePrograms(root);
  const dns = createContainerDns(config);
  const network = createNetwork({
    bridge: config.bridge,
    pools: subnetPools(engineId, config.addressPools),
    defaultOptions: config.networkOptions,
    nftTable: config.nftTable,
    engineId,
    rows: createNetworkRows(db),
    resolver: createResolver({ program: { path: programs.resolver, dir: join(run, "resolver") }, log }),
    relay: new Relay({ program: { path: programs.relay, dir: join(run, "relay") }, log }),
    dns,
    log,
  });
  const runtime = createRuntime({
    root,
    run,
    cgroupParent: config.cgroupParent,
    monitorPath: programs.monitor,
    initPath: programs.init,
    runtimes: config.runtimes,
    defaultRuntime: config.defaultRuntime,
    searchPath: config.searchPath,
    log,
  });
  const rows = createContainerRows(db);
  const ctx: EngineContext = {
    paths,
    rows,
    registry,
    execs: new ExecSessions(rows),
    images,
    roots: createRoots({ dir: join(root, "roots"), layers: images.rootLayers }),
    volumes: new LocalVolumes({
      dir: join(root, "volumes"),
      rows: createVolumeRows(db),
      emit: (action, name) => events.publish({ type: "volume", action, id: name, attributes: { driver: "local" } }),
      log,
    }),
    files,
    network,
    etcFiles: createEtcFiles({
      hostsFile: config.hostFiles.hosts,
      dns,
      hostGateway: () => network.gateway,
    }),
    runtime,
    events,
    locks: new KeyedLocks(),
    background: new Background(log),
    log,
    defaults: { logConfig: config.logConfig, shmBytes: config.shmBytes, init: config.init },
  };
  if (config.favorDynamicCgroups) tellFavored(log, favorDynamicCgroups());
  paths.make();
  const pins = pinBuildLayers(db, (layers) => images.rootLayers.pin(layers));
  await recover(ctx);
  await images.sweep();
  const openBuilds = buildsOnDemand(ctx, config, { db, images, pins });
  const server = await serve(ctx, config, {
    engineId,
    images,
    activatedFds,
    openBuilds,
    hostGateway: () => network.gateway,
  });
  ctx.background.run("network.start.failed", () => network.start());
  startByPolicy(ctx);
  const gc = config.imageGc === undefined ? undefined : collectRegularly(ctx, images);
  return {
    stop: async () => {
      clearInterval(gc);
      await server.close();
      await Promise.all([ctx.background.idle(), ctx.locks.idle()]);
      await network.stop();
      removeIfEmpty(detectCgroups(), join("/", config.cgroupParent));
      db.close();
    },
  };
}

interface ServeParts {
  readonly hostGateway: () => string;
  readonly engineId: string;
  readonly images: ImageStore;
  readonly activatedFds: number;
  readonly openBuilds: () => Promise<Builder>;
}

/** The build room is as large as all others together: it is read and opened when the first build comes. */
function buildsOnDemand(
  ctx: EngineContext,
  config: EngineConfig,
  { db, images, pins }: { db: Database; images: ImageStore; pins: ReadonlyMap<LayerId, () => void> },
): () => Promise<Builder> {
  let opened: Promise<Builder> | undefined;
  const open = async (): Promise<Builder> => {
    const { createBuildRoom } = await import("../build/create-build-room.ts");
    return createBuildRoom({
      dir: join(config.root, "build"),
      runDir: join(config.run, "build"),
      db,
      images,
      registries: createRegistryBackend(images, config.busyboxPath),
      network: ctx.network,
      runtime: ctx.runtime,
      etcFiles: ctx.etcFiles,
      cgroupParent: config.cgroupParent,
      searchPath: config.searchPath,
      architecture: toOciArchitecture(process.arch),
      cpus: cpus().length,
      cacheBytes: undefined,
      pins,
      log: ctx.log,
    });
  };
  return () => {
    opened ??= open();
    return opened;
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

function imageUsers(registry: Registry, imageId: string): { id: string; running: boolean }[] {
  const users = registry.all().filter(({ spec }) => spec.imageId === imageId || mountsImage(spec, imageId));
  return users.map((container) => ({ id: container.id, running: container.isUp }));
}

function mountsImage({ mounts }: ContainerSpec, imageId: string): boolean {
  return mounts.some((mount) => mount.type === "image" && mount.imageId === imageId);
}

/** The built-in runtimes are found by name, the configured ones have their own paths. */
function runtimePaths(ctx: EngineContext, config: EngineConfig): Record<string, string> {
  return Object.fromEntries(ctx.runtime.names.map((name) => [name, config.runtimes[name]?.path ?? name]));
}

function serve(
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
      worker: {
        id: engineId,
        platforms: [{ os: "linux", architecture: toOciArchitecture(process.arch), variant: "" }],
        hostGateway,
        hostname: hostName(),
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
        countImages: () => images.count(),
        layerForm: () => images.layerForm(),
      },
      { images: () => images.usage(), volumes: volumes.usage },
    ),
  };
  const handler = createApi({ backend, log, version: VERSION, hostLimits: { cpus: cpus().length } });
  return listen(config.hosts, handler, { log, activatedFds });
}
