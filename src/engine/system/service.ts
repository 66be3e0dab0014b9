/** The system's part of the engine as the HTTP edge uses it: version, info, events. */
import { nowRfc3339 } from "../../base/clock.ts";
import type { DiskUsageType } from "../../wire/disk-usage.ts";
import { API_VERSION, MIN_API_VERSION } from "../../wire/version.ts";
import { listContainers } from "../container/list.ts";
import type { EngineContext } from "../context.ts";
import type { EventQuery } from "../events.ts";
import { type DiskUsageSources, diskUsage } from "./disk-usage.ts";
import type { HostFacts } from "./facts.ts";

export interface Build {
  readonly version: string;
  readonly commit: string;
}

export interface SystemFacts {
  readonly engineId: string;
  readonly host: HostFacts;
  readonly build: Build;
  readonly cgroupVersion: "1" | "2";
  readonly labels: readonly string[];
  readonly debug: boolean;
  /** Name to path. */
  readonly runtimes: Readonly<Record<string, string>>;
  /** How registries are reached, in the shape of the API. */
  readonly registries: Readonly<Record<string, unknown>>;
  countImages(): number;
  /** How layers are mounted, for people to read. */
  layerForm(): string;
}

/** What else takes space. */
export type SystemStores = Omit<DiskUsageSources, "containers">;

// The shape is stated by the edge (api/backend.ts) and checked where the two are wired.
export function createSystemService(ctx: EngineContext, facts: SystemFacts, stores: SystemStores) {
  const sources: DiskUsageSources = {
    ...stores,
    containers: () => listContainers(ctx, { all: true, limit: 0, size: true, filters: new Map() }),
  };
  return {
    version: () => toVersion(facts),
    info: async () => toInfo(ctx, facts),
    diskUsage: (types: ReadonlySet<DiskUsageType>) => diskUsage(sources, types),
    events: (query: EventQuery) => ctx.events.subscribe(query),
  };
}

function toVersion({ build, host }: SystemFacts): Record<string, unknown> {
  const common = { ApiVersion: API_VERSION, MinAPIVersion: MIN_API_VERSION, Os: "linux", Arch: host.goArch };
  const engine = { GitCommit: build.commit, GoVersion: `bun${Bun.version}`, KernelVersion: host.kernel };
  return {
    Platform: { Name: "tare" },
    Components: [
      {
        Name: "Engine",
        Version: build.version,
        Details: { ...common, ...engine, Experimental: "false", BuildTime: "" },
      },
    ],
    Version: build.version,
    ...common,
    ...engine,
    BuildTime: "",
  };
}

function toInfo(ctx: EngineContext, facts: SystemFacts): Record<string, unknown> {
  return {
    ID: facts.engineId,
    ...countContainers(ctx),
    Images: facts.countImages(),
    Driver: "overlay2",
    DriverStatus: [
      ["Supports d_type", "true"],
      ["Layers", facts.layerForm()],
    ],
    Plugins: {
      Volume: ["local"],
      Network: ["bridge", "host", "ipvlan", "macvlan", "null"],
      Authorization: null,
      Log: ["json-file", "local", "none"],
    },
    ...hostInfo(facts),
    ...LIMITS,
    Debug: facts.debug,
    NFd: 0,
    NGoroutines: 0,
    SystemTime: nowRfc3339(),
    LoggingDriver: ctx.defaults.logConfig.Type,
    CgroupDriver: "cgroupfs",
    CgroupVersion: facts.cgroupVersion,
    NEventsListener: ctx.events.listenerCount,
    DockerRootDir: ctx.paths.root,
    Labels: facts.labels,
    ServerVersion: facts.build.version,
    Runtimes: Object.fromEntries(Object.entries(facts.runtimes).map(([name, path]) => [name, { path }])),
    DefaultRuntime: ctx.runtime.defaultName,
    SecurityOptions: ["name=seccomp,profile=builtin", "name=cgroupns"],
    ...facts.registries,
    ...ABSENT,
  };
}

function countContainers(ctx: EngineContext): Record<string, number> {
  const all = ctx.registry.all();
  const paused = all.filter(({ phase }) => phase.at === "paused").length;
  const running = all.filter(({ isUp }) => isUp).length - paused;
  return {
    Containers: all.length,
    ContainersRunning: running,
    ContainersPaused: paused,
    ContainersStopped: all.length - running - paused,
  };
}

function hostInfo({ host }: SystemFacts): Record<string, unknown> {
  return {
    KernelVersion: host.kernel,
    OperatingSystem: host.osName,
    OSVersion: host.osVersion,
    OSType: "linux",
    Architecture: host.machine,
    NCPU: host.cpus,
    MemTotal: host.memoryBytes,
    Name: host.name,
  };
}

const LIMITS = {
  MemoryLimit: true,
  SwapLimit: true,
  CpuCfsPeriod: true,
  CpuCfsQuota: true,
  CPUShares: true,
  CPUSet: true,
  PidsLimit: true,
  IPv4Forwarding: true,
  OomKillDisable: true,
} as const;

/** What this engine does not have, in the shape that clients expect. */
const ABSENT = {
  GenericResources: null,
  ExperimentalBuild: false,
  Swarm: {
    NodeID: "",
    NodeAddr: "",
    LocalNodeState: "inactive",
    ControlAvailable: false,
    Error: "",
    RemoteManagers: null,
  },
  LiveRestoreEnabled: true,
  Isolation: "",
  InitBinary: "tare-init",
  ContainerdCommit: { ID: "" },
  RuncCommit: { ID: "" },
  InitCommit: { ID: "" },
  FirewallBackend: { Driver: "nftables" },
  CDISpecDirs: null,
  Warnings: null,
} as const;
