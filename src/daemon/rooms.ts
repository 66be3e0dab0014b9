/** Makes every room of one engine below its services, and joins them. */
import type { Database } from "bun:sqlite";
import { join } from "node:path";
import { Background } from "../base/background.ts";
import { KeyedLocks } from "../base/locks.ts";
import type { Logger } from "../base/log.ts";
import { Registry } from "../engine/container/registry.ts";
import type { EngineContext } from "../engine/context.ts";
import { EventBus } from "../engine/events.ts";
import { ExecSessions } from "../engine/exec/sessions.ts";
import { createPaths } from "../engine/paths.ts";
import { FileThreads } from "../files/threads/threads.ts";
import { createImages, type ImageStore } from "../image/images.ts";
import { createRoots } from "../image/roots.ts";
import { createContainerDns } from "../network/container-dns.ts";
import { createResolver } from "../network/dns/resolver.ts";
import { createEtcFiles } from "../network/etc-files.ts";
import { subnetPools } from "../network/ipam/subnet-pools.ts";
import { type ContainerNetwork, createNetwork } from "../network/network.ts";
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
import { nativePrograms, type Programs } from "./programs.ts";

export interface Rooms {
  readonly engineId: string;
  readonly db: Database;
  readonly images: ImageStore;
  readonly network: ContainerNetwork;
  readonly ctx: EngineContext;
}

/** Nothing is done on the machine yet but opening the database. */
export function createRooms(config: EngineConfig, log: Logger): Rooms {
  const { root, run } = config;
  const engineId = readEngineId(root);
  const db = openDatabase(join(root, "tare.db"));
  const events = new EventBus();
  const registry = new Registry();
  const files = new FileThreads();
  const images = createImages({
    dir: join(root, "images"),
    storage: config.layerStorage,
    pressure: config.imageGc,
    registries: config.registries,
    files,
    db,
    usedBy: (imageId) => imageUsers(registry, imageId),
    emit: (action, id, attributes) => events.publish({ type: "image", action, id, attributes }),
  });
  const programs = nativePrograms(root);
  const network = createContainerNetwork({ config, engineId, db, programs, log });
  const rows = createContainerRows(db);
  const ctx: EngineContext = {
    paths: createPaths(root, run),
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
      dns: createContainerDns(config),
      hostGateways: () => config.hostGateways ?? gatewaysOf(network),
    }),
    runtime: createOciRuntime(config, programs, log),
    events,
    locks: new KeyedLocks(),
    background: new Background(log),
    log,
    defaults: { logConfig: config.logConfig, shmBytes: config.shmBytes, init: config.init },
  };
  return { engineId, db, images, network, ctx };
}

/** The host's addresses on the default bridge, known once that is there. */
function gatewaysOf(network: ContainerNetwork): string[] {
  return network.find("bridge").subnets.flatMap(({ gateway }) => gateway ?? []);
}

interface NetworkParts {
  readonly config: EngineConfig;
  readonly engineId: string;
  readonly db: Database;
  readonly programs: Programs;
  readonly log: Logger;
}

function createContainerNetwork({ config, engineId, db, programs, log }: NetworkParts): ContainerNetwork {
  const { run } = config;
  return createNetwork({
    bridge: config.bridge,
    pools: subnetPools(engineId, config.addressPools),
    defaultOptions: config.networkOptions,
    nftTable: config.nftTable,
    engineId,
    rows: createNetworkRows(db),
    resolver: createResolver({ program: { path: programs.resolver, dir: join(run, "resolver") }, log }),
    relay: new Relay({ program: { path: programs.relay, dir: join(run, "relay") }, log }),
    dns: createContainerDns(config),
    log,
  });
}

function createOciRuntime(config: EngineConfig, programs: Programs, log: Logger): ReturnType<typeof createRuntime> {
  const { root, run, cgroupParent, runtimes, defaultRuntime, searchPath } = config;
  return createRuntime({
    root,
    run,
    cgroupParent,
    monitorPath: programs.monitor,
    initPath: programs.init,
    consoleSizePath: programs.consoleSize,
    runtimes,
    defaultRuntime,
    searchPath,
    log,
  });
}

function imageUsers(registry: Registry, imageId: string): { id: string; running: boolean }[] {
  const users = registry.all().filter(({ spec }) => spec.imageId === imageId || mountsImage(spec, imageId));
  return users.map((container) => ({ id: container.id, running: container.isUp }));
}

function mountsImage({ mounts }: ContainerSpec, imageId: string): boolean {
  return mounts.some((mount) => mount.type === "image" && mount.imageId === imageId);
}
