/** The runtime room's door: specs, drivers, monitors and cgroups behind the `Runtime` of engine/ports.ts. */
import { join } from "node:path";
import type { ContainerId } from "../base/ids.ts";
import type { Logger } from "../base/log.ts";
import { cgroupPids, childCgroups, setFrozen } from "../kernel/cgroup.ts";
import { type CgroupUsage, cgroupUsage } from "../kernel/cgroup-usage.ts";
import { signalProcess } from "../kernel/process.ts";
import type { ContainerConfig } from "../wire/container.ts";
import type { HostConfig, Resources } from "../wire/host-config.ts";
import { type BundleRequest, createBundles } from "./bundle.ts";
import { checkHostConfig } from "./check/check.ts";
import { type Adapted, adaptLimits } from "./check/limits.ts";
import type { Failure } from "./driver/failure.ts";
import { createDrivers, type RuntimeCommand } from "./driver/select.ts";
import { createHost } from "./host.ts";
import { explainFailure, type Launch, launch, readCgroupPath, writeDocument } from "./launch.ts";
import { reconnectMonitor } from "./monitor/reconnect.ts";
import { readExitRecord } from "./monitor/record.ts";
import type { ExitRecord, MonitorHandle, ProcessRequest } from "./monitor/types.ts";
import { openNothing } from "./nothing.ts";
import { createSeccompFilters } from "./seccomp/cache.ts";
import { checkUser } from "./spec/accounts.ts";
import { cgroupPath } from "./spec/container-spec.ts";
import type { ExecProcess, ProcessContext } from "./spec/process.ts";
import { shownPaths } from "./spec/protected-paths.ts";
import { tearDown } from "./teardown.ts";
import { updateLimits } from "./update.ts";

export interface RuntimeDeps {
  /** Durable: compiled seccomp filters lie in <root>/seccomp. */
  readonly root: string;
  /** Gone at boot: bundles in <run>/containers/<id>, the runtimes' records in <run>/<runtime>. */
  readonly run: string;
  /** Parent of all containers' cgroups, such as "/tare". */
  readonly cgroupParent: string;
  /** Programs: the monitor, and the init of `--init`. */
  readonly monitorPath: string;
  readonly initPath: string;
  /** The library that gives a session's terminal its size in time. */
  readonly consoleSizePath: string;
  /** Runtimes beside crun and runc, by name. */
  readonly runtimes: Readonly<Record<string, RuntimeCommand>>;
  /** Undefined chooses: crun, else runc. */
  readonly defaultRuntime: string | undefined;
  /** As in PATH: where runtimes are looked for. */
  readonly searchPath: string;
  readonly log: Logger;
}

type ExecRequest = ExecProcess & Pick<ProcessContext, "config" | "hostConfig"> & { readonly initPid: number };

export interface OciRuntime {
  check(config: ContainerConfig, hostConfig: HostConfig): Adapted;
  adaptLimits(hostConfig: HostConfig): Adapted;
  protectedPaths(hostConfig: HostConfig): Pick<HostConfig, "MaskedPaths" | "ReadonlyPaths">;
  writeBundle(dir: string, request: BundleRequest): void;
  run(id: ContainerId, runtimeName: string, process: ProcessRequest): MonitorHandle;
  exec(id: ContainerId, runtimeName: string, process: ProcessRequest, spec: ExecRequest): MonitorHandle;
  checkUser(initPid: number, user: string): void;
  explain(failure: unknown, kind: "container" | "exec"): Failure;
  reconnect(dir: string): Promise<MonitorHandle | undefined>;
  exitRecord(dir: string): ExitRecord | undefined;
  kill(id: ContainerId, process: { readonly pid: number; readonly pidStart: number }, signal: number): boolean;
  pause(id: ContainerId, hostConfig: HostConfig): Promise<void>;
  resume(id: ContainerId, hostConfig: HostConfig): Promise<void>;
  update(id: ContainerId, runtimeName: string, resources: Resources): Promise<void>;
  usage(id: ContainerId, hostConfig: HostConfig): CgroupUsage;
  pids(id: ContainerId, hostConfig: HostConfig): number[];
  destroy(id: ContainerId, runtimeName: string, hostConfig: HostConfig): Promise<void>;
  destroyOrphan(id: ContainerId): Promise<void>;
  list(): ContainerId[];
  readonly names: readonly string[];
  readonly defaultName: string;
}

const ID = /^[0-9a-f]{64}$/;
const isId = (name: string): name is ContainerId => ID.test(name);

const scoreOf = ({ hostConfig }: Pick<BundleRequest, "hostConfig">) => ({ oomScoreAdj: hostConfig.OomScoreAdj });

export function createRuntime(deps: RuntimeDeps): OciRuntime {
  const { run, cgroupParent, initPath, log } = deps;
  const host = createHost();
  const cgroups = () => host.cgroups;
  const drivers = createDrivers({ ...deps, cgroups });
  const filters = createSeccompFilters(join(deps.root, "seccomp"), host);
  const containersDir = join(run, "containers");
  const bundles = createBundles({ host, filters, cgroupParent, initPath, containersDir });
  const launchDeps = { monitorPath: deps.monitorPath, consoleSizePath: deps.consoleSizePath, cgroups };
  const bundleOf = (id: string): string => join(containersDir, id);
  /** Of the bundles written, for the monitors that are to run them. */
  const prepared = new Map<string, Pick<Launch, "cgroup" | "oomScoreAdj">>();
  const pathOf = (id: ContainerId, limits: Pick<HostConfig, "CgroupParent">): string =>
    cgroupPath(cgroupParent, limits, id);

  return {
    names: drivers.names,
    get defaultName() {
      return drivers.defaultName;
    },
    check: (config, hostConfig) => {
      drivers.known(hostConfig.Runtime);
      return checkHostConfig(config, hostConfig, host);
    },
    adaptLimits: (hostConfig) => adaptLimits(hostConfig, host),
    protectedPaths: (hostConfig) => shownPaths(hostConfig, host.thermalPaths),
    writeBundle(dir, request) {
      const driver = drivers.get(request.hostConfig.Runtime);
      writeDocument({ kind: "container", runtime: driver.name }, () => bundles.write(dir, request, driver));
      const cgroup = cgroupPath(cgroupParent, request.hostConfig, request.id);
      prepared.set(dir, { cgroup, ...scoreOf(request) });
    },
    run(id, runtimeName, process) {
      const facts = prepared.get(process.dir);
      prepared.delete(process.dir);
      return launch({ kind: "container", driver: drivers.get(runtimeName), id, process, ...facts }, launchDeps);
    },
    exec(id, runtimeName, process, request) {
      const driver = drivers.get(runtimeName);
      writeDocument({ kind: "exec", runtime: driver.name }, () => bundles.writeProcess(process.dir, request));
      const nothing = openNothing(request.initPid, process.dir);
      return launch({ kind: "exec", driver, id, process, nothing, ...scoreOf(request) }, launchDeps);
    },
    checkUser,
    explain: (failure, kind) => explainFailure(failure, { kind, runtime: drivers.defaultName, command: "" }),
    reconnect: reconnectMonitor,
    exitRecord: readExitRecord,
    kill: (_id, { pid, pidStart }, signal) => signalProcess(pid, pidStart, signal),
    pause: (id, hostConfig) => setFrozen(cgroups(), pathOf(id, hostConfig), true),
    resume: (id, hostConfig) => setFrozen(cgroups(), pathOf(id, hostConfig), false),
    update(id, runtimeName, resources) {
      const [driver, dir, cgroup] = [drivers.get(runtimeName), bundleOf(id), pathOf(id, resources)];
      return updateLimits({ id, driver, dir, cgroup, resources }, host);
    },
    usage: (id, hostConfig) => cgroupUsage(cgroups(), pathOf(id, hostConfig)),
    pids: (id, hostConfig) => cgroupPids(cgroups(), pathOf(id, hostConfig)),
    destroy(id, runtimeName, hostConfig) {
      const [bundle, cgroup] = [bundleOf(id), pathOf(id, hostConfig)];
      prepared.delete(bundle);
      return tearDown({ id, drivers: [drivers.known(runtimeName)], cgroup, bundle }, { cgroups, log });
    },
    destroyOrphan: (id) => {
      const cgroup = readCgroupPath(bundleOf(id)) ?? join("/", cgroupParent, id);
      const all = drivers.names.map((name) => drivers.known(name));
      return tearDown({ id, drivers: all, cgroup, bundle: bundleOf(id) }, { cgroups, log });
    },
    list() {
      const records = drivers.names.flatMap((name) => drivers.known(name).list());
      return [...new Set([...records, ...childCgroups(cgroups(), join("/", cgroupParent))])].filter(isId);
    },
  };
}
