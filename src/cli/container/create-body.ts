/** From the flags of `run` and `create` to the body of POST /containers/create (docker/cli's container/opts.go). */
import type { CreateBody } from "../../client/containers.ts";
import type { CliEnv } from "../command.ts";
import { CommandError } from "../errors.ts";
import { isMac } from "./addresses.ts";
import { type Devices, parseDevices } from "./devices.ts";
import type { CreateFlags } from "./flags.ts";
import { readKeyValues } from "./key-values.ts";
import { parseTmpfs, parseVolumes, resolveSource, type Volumes } from "./mounts.ts";
import { type Networking, parseNetworking } from "./networks.ts";
import {
  checkNamespaces,
  parseHealth,
  parseLogging,
  parseRestartPolicy,
  parseSecurity,
  parseStorage,
  type Security,
} from "./policies.ts";
import { type Ports, parsePorts } from "./ports.ts";
import { toMap } from "./values.ts";

export interface CreateInput {
  readonly flags: CreateFlags;
  readonly given: ReadonlySet<string>;
  /** Image, then the command and its arguments. */
  readonly args: readonly string[];
}

/** What several flags add up to. */
interface Parts {
  readonly ports: Ports;
  readonly volumes: Volumes;
  readonly devices: Devices;
  readonly networking: Networking;
  readonly security: Security;
}

type HostConfig = NonNullable<CreateBody["HostConfig"]>;

/** Throws CommandError for values that make no sense together, before anything is asked of the engine. */
export async function createBody(input: CreateInput, env: CliEnv): Promise<CreateBody> {
  const { flags } = input;
  if (flags["mac-address"] !== "" && !isMac(flags["mac-address"].trim())) {
    throw new CommandError(`${flags["mac-address"]} is not a valid mac address`);
  }
  checkSwappiness(flags["memory-swappiness"]);
  checkNamespaces(flags);
  const parts = {
    volumes: parseVolumes(flags.volume, env.cwd),
    ports: parsePorts(flags.publish, flags.expose),
    devices: parseDevices(flags.device),
    security: await parseSecurity(flags["security-opt"], env.cwd),
    networking: parseNetworking(flags),
  };
  const config = await containerConfig(input, parts, env);
  const { endpoints } = parts.networking;
  return {
    ...config,
    HostConfig: hostConfig(input, parts, env),
    ...(Object.keys(endpoints).length === 0 ? {} : { NetworkingConfig: { EndpointsConfig: endpoints } }),
  };
}

async function containerConfig({ flags, given, args }: CreateInput, parts: Parts, env: CliEnv): Promise<CreateBody> {
  const { cwd, variables } = env;
  const [image = "", ...command] = args;
  const attach = flags.attach;
  const attachStdin = flags.interactive || attach.includes("stdin");
  return {
    Image: image,
    Cmd: command.length === 0 ? undefined : command,
    Entrypoint: given.has("entrypoint") ? [flags.entrypoint] : undefined,
    Hostname: text(flags.hostname),
    Domainname: text(flags.domainname),
    User: text(flags.user),
    WorkingDir: text(flags.workdir),
    Tty: flags.tty,
    AttachStdin: attachStdin,
    AttachStdout: attach.length === 0 || attach.includes("stdout"),
    AttachStderr: attach.length === 0 || attach.includes("stderr"),
    OpenStdin: flags.interactive,
    StdinOnce: flags.interactive && attachStdin,
    Env: await readKeyValues({ files: flags["env-file"], flags: flags.env, cwd, variables }),
    Labels: toMap(await readKeyValues({ files: flags["label-file"], flags: flags.label, cwd, variables: undefined })),
    ExposedPorts: parts.ports.exposed,
    Volumes: parts.volumes.anonymous,
    Healthcheck: parseHealth(flags),
    StopSignal: text(flags["stop-signal"]),
    StopTimeout: flags["stop-timeout"],
  };
}

function hostConfig({ flags, given }: CreateInput, parts: Parts, env: CliEnv): HostConfig {
  const restart = parseRestartPolicy(flags.restart);
  if (flags.rm && restart.Name !== "" && restart.Name !== "no") {
    throw new CommandError("conflicting options: cannot specify both --restart and --rm");
  }
  const { security } = parts;
  return {
    ...resources(flags, parts.devices),
    ...namespaces(flags, parts.networking),
    Binds: list(parts.volumes.binds),
    Mounts: flags.mount.length === 0 ? undefined : flags.mount.map((mount) => resolveSource(mount, env.cwd)),
    Tmpfs: flags.tmpfs.length === 0 ? undefined : parseTmpfs(flags.tmpfs),
    VolumeDriver: text(flags["volume-driver"]),
    VolumesFrom: list(flags["volumes-from"]),
    ContainerIDFile: text(flags.cidfile),
    AutoRemove: flags.rm,
    RestartPolicy: restart,
    LogConfig: parseLogging(flags["log-driver"], flags["log-opt"]),
    Annotations: flags.annotation.length === 0 ? undefined : toMap(flags.annotation),
    Privileged: flags.privileged,
    CapAdd: list(flags["cap-add"]),
    CapDrop: list(flags["cap-drop"]),
    GroupAdd: list(flags["group-add"]),
    SecurityOpt: security.options,
    MaskedPaths: security.systemPaths,
    ReadonlyPaths: security.systemPaths,
    ReadonlyRootfs: flags["read-only"],
    StorageOpt: parseStorage(flags["storage-opt"]),
    Sysctls: flags.sysctl.length === 0 ? undefined : toMap(flags.sysctl),
    Runtime: text(flags.runtime),
    Isolation: text(flags.isolation),
    ShmSize: flags["shm-size"],
    OomScoreAdj: flags["oom-score-adj"],
    PortBindings: parts.ports.bindings,
    PublishAllPorts: flags["publish-all"],
    Init: given.has("init") ? flags.init : undefined,
  };
}

function namespaces(flags: CreateFlags, networking: Networking): HostConfig {
  return {
    NetworkMode: networking.networkMode,
    IpcMode: text(flags.ipc),
    PidMode: text(flags.pid),
    UTSMode: text(flags.uts),
    UsernsMode: text(flags.userns),
    CgroupnsMode: flags.cgroupns === "private" || flags.cgroupns === "host" ? flags.cgroupns : undefined,
    Links: list(flags.link),
    ExtraHosts: list(flags["add-host"]),
    Dns: list(flags.dns),
    DnsOptions: list(flags["dns-option"]),
    DnsSearch: list(flags["dns-search"]),
  };
}

function resources(flags: CreateFlags, devices: Devices): HostConfig {
  const cdi = { Driver: "cdi", Count: 0, DeviceIDs: devices.cdiNames, Capabilities: [], Options: {} };
  const requests = devices.cdiNames.length === 0 ? flags.gpus : [...flags.gpus, cdi];
  const swappiness = flags["memory-swappiness"];
  return {
    Memory: flags.memory,
    MemoryReservation: flags["memory-reservation"],
    MemorySwap: flags["memory-swap"],
    MemorySwappiness: swappiness === -1 ? undefined : swappiness,
    OomKillDisable: flags["oom-kill-disable"] || undefined,
    NanoCpus: flags.cpus,
    CpuShares: flags["cpu-shares"],
    CpuPeriod: flags["cpu-period"],
    CpuQuota: flags["cpu-quota"],
    CpuRealtimePeriod: flags["cpu-rt-period"],
    CpuRealtimeRuntime: flags["cpu-rt-runtime"],
    CpusetCpus: text(flags["cpuset-cpus"]),
    CpusetMems: text(flags["cpuset-mems"]),
    PidsLimit: flags["pids-limit"],
    CgroupParent: text(flags["cgroup-parent"]),
    Ulimits: list(flags.ulimit),
    BlkioWeight: flags["blkio-weight"],
    BlkioWeightDevice: list(flags["blkio-weight-device"]),
    BlkioDeviceReadBps: list(flags["device-read-bps"]),
    BlkioDeviceWriteBps: list(flags["device-write-bps"]),
    BlkioDeviceReadIOps: list(flags["device-read-iops"]),
    BlkioDeviceWriteIOps: list(flags["device-write-iops"]),
    Devices: list(devices.mappings),
    DeviceCgroupRules: list(flags["device-cgroup-rule"]),
    DeviceRequests: list(requests),
  };
}

function checkSwappiness(value: number | undefined): void {
  if (value === undefined || (value >= -1 && value <= 100)) return;
  throw new CommandError(`invalid value: ${value}. Valid memory swappiness range is 0-100`);
}

/** What was not said is not sent. */
const text = (value: string): string | undefined => value || undefined;
const list = <T>(items: readonly T[]): T[] | undefined => (items.length === 0 ? undefined : [...items]);
