/** Decodes the host side of a container: HostConfig of create, and the Resources that update shares with it. */
import { emptyHostConfig } from "../empty.ts";
import type {
  DeviceMapping,
  DeviceRequest,
  HostConfig,
  LogConfig,
  Mount,
  MountType,
  PortBinding,
  Resources,
  RestartPolicy,
  RestartPolicyName,
  ThrottleDevice,
  Ulimit,
  WeightDevice,
} from "../host-config.ts";
import {
  bool,
  type Decoder,
  type Fields,
  int,
  int64,
  integer,
  list,
  map,
  omitEmpty,
  sizePair,
  string,
  stringMap,
  stringOrList,
  strings,
  struct,
  text,
  uint16,
  uint64,
} from "./primitives.ts";

/** Words of closed sets are checked by wire/validate, which knows Docker's refusals. */
const word = <T extends string>(type: string): Decoder<T> => text(type) as Decoder<T>;

export const restartPolicy: Decoder<RestartPolicy> = struct(
  "container.RestartPolicy",
  (): RestartPolicy => ({ Name: "", MaximumRetryCount: 0 }),
  { Name: word<RestartPolicyName>("container.RestartPolicyMode"), MaximumRetryCount: int },
);

const listOf = <T extends object>(type: string, zero: () => T, fields: Fields<T>): Decoder<T[]> =>
  list(type, struct(type.replace("*", ""), zero, fields), zero);

const weightDevices = listOf<WeightDevice>("*blkiodev.WeightDevice", () => ({ Path: "", Weight: 0 }), {
  Path: string,
  Weight: uint16,
});
const throttleDevices = listOf<ThrottleDevice>("*blkiodev.ThrottleDevice", () => ({ Path: "", Rate: 0 }), {
  Path: string,
  Rate: uint64,
});
const ulimits = listOf<Ulimit>("*units.Ulimit", () => ({ Name: "", Hard: 0, Soft: 0 }), {
  Name: string,
  Hard: int64,
  Soft: int64,
});
const devices = listOf<DeviceMapping>(
  "container.DeviceMapping",
  () => ({ PathOnHost: "", PathInContainer: "", CgroupPermissions: "" }),
  { PathOnHost: string, PathInContainer: string, CgroupPermissions: string },
);
const deviceRequests = listOf<DeviceRequest>(
  "container.DeviceRequest",
  () => ({ Driver: "", Count: 0, DeviceIDs: [], Capabilities: [], Options: {} }),
  {
    Driver: string,
    Count: int,
    DeviceIDs: strings,
    Capabilities: list("[]string", strings, () => []),
    Options: stringMap,
  },
);
const logConfig = struct("container.LogConfig", (): LogConfig => ({ Type: "", Config: {} }), {
  Type: string,
  Config: stringMap,
});
const portBindings = map<PortBinding[] | null>(
  "nat.PortMap",
  listOf<PortBinding>("nat.PortBinding", () => ({ HostIp: "", HostPort: "" }), { HostIp: string, HostPort: string }),
  () => null,
);

const mounts = listOf<Mount>("mount.Mount", () => ({ Type: "" as MountType, Target: "" }), {
  Type: word<MountType>("mount.Type"),
  Source: string,
  Target: string,
  ReadOnly: bool,
  Consistency: text("mount.Consistency"),
  BindOptions: struct("mount.BindOptions", (): NonNullable<Mount["BindOptions"]> => ({}), {
    Propagation: text("mount.Propagation"),
    NonRecursive: bool,
    CreateMountpoint: bool,
    ReadOnlyNonRecursive: bool,
    ReadOnlyForceRecursive: bool,
  }),
  VolumeOptions: struct("mount.VolumeOptions", (): NonNullable<Mount["VolumeOptions"]> => ({}), {
    NoCopy: bool,
    Labels: stringMap,
    DriverConfig: struct("mount.Driver", (): { Name?: string; Options?: Record<string, string> } => ({}), {
      Name: string,
      Options: stringMap,
    }),
    Subpath: string,
  }),
  TmpfsOptions: struct("mount.TmpfsOptions", (): NonNullable<Mount["TmpfsOptions"]> => ({}), {
    SizeBytes: int64,
    Mode: integer("fs.FileMode", 0, 0xffff_ffff),
    Options: list("[]string", strings, () => []),
  }),
  ImageOptions: struct("mount.ImageOptions", (): NonNullable<Mount["ImageOptions"]> => ({}), { Subpath: string }),
});

export const resourceFields: Fields<Resources> = {
  CpuShares: int64,
  Memory: int64,
  NanoCpus: int64,
  CgroupParent: string,
  BlkioWeight: uint16,
  BlkioWeightDevice: weightDevices,
  BlkioDeviceReadBps: throttleDevices,
  BlkioDeviceWriteBps: throttleDevices,
  BlkioDeviceReadIOps: throttleDevices,
  BlkioDeviceWriteIOps: throttleDevices,
  CpuPeriod: int64,
  CpuQuota: int64,
  CpuRealtimePeriod: int64,
  CpuRealtimeRuntime: int64,
  CpusetCpus: string,
  CpusetMems: string,
  Devices: devices,
  DeviceCgroupRules: strings,
  DeviceRequests: deviceRequests,
  MemoryReservation: int64,
  MemorySwap: int64,
  MemorySwappiness: int64,
  OomKillDisable: bool,
  PidsLimit: int64,
  Ulimits: ulimits,
  CpuCount: int64,
  CpuPercent: int64,
  IOMaximumIOps: uint64,
  IOMaximumBandwidth: uint64,
};

const hostFields: Fields<HostConfig> = {
  ...resourceFields,
  Binds: strings,
  ContainerIDFile: string,
  LogConfig: logConfig,
  NetworkMode: text("container.NetworkMode"),
  PortBindings: portBindings,
  RestartPolicy: restartPolicy,
  AutoRemove: bool,
  VolumeDriver: string,
  VolumesFrom: strings,
  Mounts: mounts,
  ConsoleSize: sizePair,
  Annotations: stringMap,
  CapAdd: stringOrList,
  CapDrop: stringOrList,
  CgroupnsMode: word("container.CgroupnsMode"),
  Dns: strings,
  DnsOptions: strings,
  DnsSearch: strings,
  ExtraHosts: strings,
  GroupAdd: strings,
  IpcMode: text("container.IpcMode"),
  Cgroup: text("container.CgroupSpec"),
  Links: strings,
  OomScoreAdj: int,
  PidMode: text("container.PidMode"),
  Privileged: bool,
  PublishAllPorts: bool,
  ReadonlyRootfs: bool,
  SecurityOpt: strings,
  StorageOpt: stringMap,
  Tmpfs: stringMap,
  UTSMode: text("container.UTSMode"),
  UsernsMode: text("container.UsernsMode"),
  ShmSize: int64,
  Sysctls: stringMap,
  Runtime: string,
  Isolation: text("container.Isolation"),
  MaskedPaths: strings,
  ReadonlyPaths: strings,
  Init: bool,
};

export const hostConfig: Decoder<HostConfig> = omitEmpty(struct("container.HostConfig", emptyHostConfig, hostFields), [
  "Mounts",
  "Annotations",
  "StorageOpt",
  "Tmpfs",
  "Sysctls",
]);
