/** What the engine room needs of the rooms below it. They satisfy these shapes structurally; `daemon/` wires them. */
import type { ContainerId } from "../base/ids.ts";
import type { CommitRequest } from "../image/commit.ts";
import type { CgroupUsage } from "../kernel/cgroup-usage.ts";
import type { ExitRecord, MonitorHandle, ProcessRequest } from "../runtime/monitor/types.ts";
import type { UserMount } from "../runtime/spec/user-mount.ts";
import type { LiveProcess } from "../state/container-record.ts";
import type { NetworkRecord } from "../state/network-record.ts";
import type { VolumeRecord } from "../state/volume-record.ts";
import type { VolumeCopies } from "../volume/copies.ts";
import type { VolumePlace } from "../volume/volumes.ts";
import type { VolumeWish } from "../volume/wish.ts";
import type { ContainerConfig, EndpointSettings } from "../wire/container.ts";
import type { HostConfig, PortBinding, Resources } from "../wire/host-config.ts";
import type { ImageInspect } from "../wire/image.ts";
import type { NetworkCreateRequest } from "../wire/network.ts";

export type { ExitRecord, MonitorHandle, ProcessRequest } from "../runtime/monitor/types.ts";

/** The image store as far as containers need it. */
export interface Images {
  /** By name, short name, digest, id or unambiguous id prefix. Throws notFound("No such image: …"). */
  inspect(ref: string): ImageInspect;
  /** In words, as in "linux/arm64". Throws notFound as well when it is of another platform. */
  inspectFor(ref: string, platform: string): ImageInspect;
  has(id: string): boolean;
  /** Makes an image of another one and what a container has changed in it. The new id. Throws notFound when the other is gone. */
  commit(request: CommitRequest): Promise<string>;
}

/** Writable root file systems: an overlay of an image's layers and one upper directory per container. */
export interface RootFileSystems {
  /** Makes the container's upper directories; `others` are images that are mounted for it besides. Idempotent. */
  create(id: ContainerId, imageId: string, others: readonly string[]): Promise<void>;
  /**
   * Mounts at `target` (made when missing), on the hot path. Idempotent when already mounted there. An `ephemeral` root is one that
   * is deleted after its only run: nothing of it is ever synced to the disk.
   */
  mount(id: ContainerId, imageId: string, target: string, ephemeral: boolean): void;
  /** Idempotent. */
  unmount(target: string): void;
  /**
   * Mounts the files of an image for the container, read-only, at `target` (made when missing): one that it was created with even
   * when the image is gone. Idempotent when already mounted there.
   */
  mountImage(id: ContainerId, imageId: string, target: string): void;
  /** Mounts what lies below the container's upper directory, read-only, at `target` (made when missing). */
  mountLower(id: ContainerId, imageId: string, target: string): void;
  /** The directory that holds what the container has changed, as overlayfs writes it. */
  upper(id: ContainerId): string;
  /** Deletes the upper directories. Idempotent. */
  remove(id: ContainerId): Promise<void>;
  /** Bytes in the upper directory. */
  sizeRw(id: ContainerId): Promise<number>;
  /** Ids that have upper directories, for the sweep at start. */
  list(): Promise<ContainerId[]>;
}

/** Volumes of the local driver. What uses them is the engine's to know. */
export interface Volumes {
  /** The one of that name, made when missing. Throws invalidParameter and notFound in Docker's words. */
  create(wish: VolumeWish): VolumeRecord;
  /** Throws notFound("get …: no such volume"). */
  get(name: string): VolumeRecord;
  has(name: string): boolean;
  all(): VolumeRecord[];
  /** Whether a volume that needs no mounting has anything in it; false when that cannot be said. */
  hasContent(name: string): boolean;
  /** Where its files are once it is acquired. */
  dataPath(name: string): string;
  /** Makes its files available to `user`, mounting them at the first one where the options say so. Idempotent. */
  acquire(name: string, user: string): Promise<void>;
  /** False when `user` had not acquired it. */
  release(name: string, user: string): boolean;
  /** Of an earlier engine: `user` has had it acquired. */
  adopt(name: string, user: string): void;
  /** Changes whom it goes with; undefined is nobody. */
  setOwner(name: string, owner: ContainerId | undefined): void;
  /** Copies the contents of a directory into a place without any, a whole volume atomically where nobody has acquired it. */
  fill(place: VolumePlace, directory: string): Promise<void>;
  /** Deletes its files and then its record. That nobody uses it is the caller's to know. */
  remove(name: string): Promise<void>;
  /** Bytes of its files. */
  size(name: string): Promise<number>;
  /** Finishes what a dead engine had begun, once all users are adopted. `exists` says which owners there are. */
  sweep(exists: (owner: ContainerId) => boolean): Promise<void>;
  /** Deletes what is left of removed volumes, which may take long. */
  clear(): Promise<void>;
  /** Whole volumes copied. */
  copies(): Promise<VolumeCopies>;
}

/** A container's ports ("80/tcp") and where they are published; null for one that is exposed only. */
export type PortMap = Readonly<Record<string, PortBinding[] | null>>;

/** What a container asks of its networks; the same for every run of it. */
export interface SandboxRequest {
  /** The container's name and its host name, by which its neighbours know it. */
  readonly name: string;
  readonly config: Pick<ContainerConfig, "Hostname" | "ExposedPorts">;
  /** NetworkMode names the network of the first interface, or is "host" or "none". */
  readonly hostConfig: Pick<
    HostConfig,
    "NetworkMode" | "PortBindings" | "PublishAllPorts" | "Dns" | "DnsSearch" | "DnsOptions"
  >;
  /** By network name: every network it is to be on. One that has a NetworkID means that network and no later one of its name. */
  readonly endpoints: Readonly<Record<string, EndpointSettings>>;
}

/** What a container's network settings show while it runs. */
export interface Connections {
  /** By network name ("bridge", "none", "host"). */
  readonly endpoints: Readonly<Record<string, EndpointSettings>>;
  readonly ports: PortMap;
}

export interface Sandbox extends Connections {
  /** A path that crun can open, such as /proc/<engine>/fd/<n>; undefined is the host's namespace. */
  readonly netnsPath: string | undefined;
  readonly sandboxId: string;
}

/** A container of an earlier engine, seen from its networks. */
export interface AdoptedSandbox extends Connections {
  readonly request: SandboxRequest;
}

export interface Network {
  /** The predefined networks first. */
  list(): NetworkRecord[];
  /** By name, id or unambiguous id prefix. Throws notFound("network … not found"). */
  find(ref: string): NetworkRecord;
  isPredefined(record: NetworkRecord): boolean;
  /** What speaks against these settings on this network, in Docker's words. */
  problems(record: NetworkRecord, settings: EndpointSettings): string[];
  create(request: NetworkCreateRequest): Promise<NetworkRecord>;
  /** Throws forbidden for a predefined network, and for one that a running container is on. */
  remove(record: NetworkRecord): Promise<void>;
  /** Takes a ready namespace; notFound for an unknown network. Addresses and ports stay taken until release. */
  acquire(id: ContainerId, request: SandboxRequest): Promise<Sandbox>;
  /** This process holds the namespace from now on: the engine's own handle is closed. */
  handedOver(id: ContainerId, pid: number): void;
  /** Gives addresses, ports and namespace back. Idempotent. */
  release(id: ContainerId): void;
  /** Puts a running container on one more network. Resolves to everything it has then. */
  connect(id: ContainerId, network: string, settings: EndpointSettings): Promise<Connections>;
  /** Takes a running container off the network of this name. Resolves to what it has left. */
  disconnect(id: ContainerId, network: string): Promise<Connections>;
  /** A running container is known by another name from now on. Resolves to its endpoints with their new names. */
  rename(id: ContainerId, name: string): Connections["endpoints"];
  /** After a restart of the engine: this container runs, or is about to, with these endpoints and ports, which are taken. */
  adopt(id: ContainerId, adopted: AdoptedSandbox): void;
  /** Makes or finds every network, and begins to fill the warm pools; called once everything running is adopted. */
  start(): Promise<void>;
  stop(): Promise<void>;
}

/** /etc/hosts, /etc/resolv.conf and /etc/hostname of a container. */
export interface EtcPaths {
  readonly hosts: string;
  readonly resolvConf: string;
  readonly hostname: string;
}

export interface EtcFiles {
  pathsIn(dir: string): EtcPaths;
  /** Writes (or rewrites) the three files into `dir` and returns their paths. */
  write(dir: string, request: EtcRequest): EtcPaths;
  /** After connections of a running container have changed: what nobody else has changed in the files follows. */
  update(dir: string, before: EtcRequest, after: EtcRequest): void;
  /** Containers that a running one is linked to have other addresses now. */
  readdress(dir: string, links: EtcRequest["links"]): void;
}

export interface EtcRequest {
  readonly hostname: string;
  readonly domainname: string;
  readonly hostConfig: HostConfig;
  readonly endpoints: Readonly<Record<string, EndpointSettings>>;
  /** Containers that this one is linked to on the default bridge: an address, and the names for it. */
  readonly links: readonly (readonly [address: string, names: string])[];
}

export interface SpecRequest {
  readonly id: ContainerId;
  readonly config: ContainerConfig;
  readonly hostConfig: HostConfig;
  readonly rootfs: string;
  /** Bind-mounted files. */
  readonly etc: EtcPaths;
  /** The user's, the shallow ones first. */
  readonly mounts: readonly UserMount[];
  readonly netnsPath: string | undefined;
  /** Undefined keeps the mode's own meaning; set for `container:<id>` modes, resolved by the engine. */
  readonly joinPid?: { pid?: number; ipc?: number; network?: number };
  /** Restricts the devices, sysctls … to what `hostConfig` allows; names of the mode words are decoded here. */
  readonly hostname: string;
}

export interface ExecSpecRequest {
  readonly config: ContainerConfig;
  readonly hostConfig: HostConfig;
  /** Of the running container's init; its root is /proc/<pid>/root. */
  readonly initPid: number;
  readonly args: readonly string[];
  readonly env: readonly string[];
  readonly user: string;
  readonly workingDir: string;
  readonly terminal: boolean;
  readonly privileged: boolean;
  readonly consoleSize: readonly [number, number] | undefined;
}

export interface StartFailure {
  /** 126 cannot be executed, 127 not found, 128 anything else. */
  readonly exitCode: number;
  readonly message: string;
}

export interface AdaptedLimits {
  /** Without the limits that this machine cannot keep. */
  readonly hostConfig: HostConfig;
  /** In Docker's words. */
  readonly warnings: string[];
}

/** The OCI runtime behind the monitor. */
export interface Runtime {
  /** Refuses at create time what Docker refuses then, and adapts the limits. */
  check(config: ContainerConfig, hostConfig: HostConfig): AdaptedLimits;
  /** What is discarded here is warned of. */
  adaptLimits(hostConfig: HostConfig): AdaptedLimits;
  /** The paths that are hidden and read-only in a container, the defaults where `hostConfig` names none; null for a privileged one. */
  protectedPaths(hostConfig: HostConfig): Pick<HostConfig, "MaskedPaths" | "ReadonlyPaths">;
  /** Writes config.json into `dir`. The root file system is mounted already (users are looked up in it). */
  writeBundle(dir: string, request: SpecRequest): void;
  /** Spawns the monitor that runs the bundle in `process.dir`. */
  run(id: ContainerId, runtimeName: string, process: ProcessRequest): MonitorHandle;
  /** Spawns the monitor of an exec session; writes its process document first. */
  exec(id: ContainerId, runtimeName: string, process: ProcessRequest, spec: ExecSpecRequest): MonitorHandle;
  /** Throws invalidParameter for a `user[:group]` that the running container does not know. */
  checkUser(initPid: number, user: string): void;
  /** What a rejected `MonitorHandle.started` means for the user: Docker's words and the exit code of a failed start. */
  explain(failure: unknown, kind: "container" | "exec"): StartFailure;
  /** Finds the monitor of `dir` again; undefined when none listens there. */
  reconnect(dir: string): Promise<MonitorHandle | undefined>;
  /** The exit record in `dir`, if the monitor left one. */
  exitRecord(dir: string): ExitRecord | undefined;
  /** Signals the container's init; false when it is gone. */
  kill(id: ContainerId, process: LiveProcess, signal: number): boolean;
  /** Resolves once every process stands still. */
  pause(id: ContainerId, hostConfig: HostConfig): Promise<void>;
  resume(id: ContainerId, hostConfig: HostConfig): Promise<void>;
  update(id: ContainerId, runtimeName: string, resources: Resources): Promise<void>;
  /** What its cgroups have counted so far. */
  usage(id: ContainerId, hostConfig: HostConfig): CgroupUsage;
  /** Host pids of all processes of the container. */
  pids(id: ContainerId, hostConfig: HostConfig): number[];
  /** Removes what the runtime keeps of it, kills what is left, deletes its cgroups. Idempotent. */
  destroy(id: ContainerId, runtimeName: string, hostConfig: HostConfig): Promise<void>;
  /** The same for an id that no record knows: every runtime and cgroup is searched for it. */
  destroyOrphan(id: ContainerId): Promise<void>;
  /** Ids the runtimes keep state for, for the sweep at start. */
  list(): ContainerId[];
  /** Names that `--runtime` takes. */
  readonly names: readonly string[];
  readonly defaultName: string;
}
