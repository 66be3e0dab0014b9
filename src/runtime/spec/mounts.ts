/** The mount list of a container: the kernel's file systems, the user's mounts, the network files (moby oci/defaults.go, oci_linux.go). Pure. */
import { invalidParameter } from "../../base/errors.ts";
import type { HostConfig } from "../../wire/host-config.ts";
import type { OciMount } from "./oci.ts";
import { parseSecurityOptions } from "./security-options.ts";
import type { UserMount } from "./user-mount.ts";

/** A host directory, and what its mount forbids. */
export interface SharedMemory {
  readonly source: string;
  readonly restrictions: readonly string[];
}

export interface MountsRequest {
  readonly hostConfig: HostConfig;
  readonly mounts: readonly UserMount[];
  readonly etc: { readonly hosts: string; readonly resolvConf: string; readonly hostname: string };
  /** The /dev/shm that is shared with others; undefined makes one for this container alone. */
  readonly sharedMemory: SharedMemory | undefined;
  /** Of the init to run as pid 1; undefined runs the command itself. */
  readonly initPath: string | undefined;
  /** Whether what lies below a read-only mount can be made read-only too. */
  readonly canProtectBelow: boolean;
}

export const INIT_IN_CONTAINER = "/sbin/docker-init";
const HIDDEN = ["nosuid", "noexec", "nodev"];

export function toMounts(request: MountsRequest): OciMount[] {
  const { mounts, initPath } = request;
  const taken = new Set(mounts.map(({ destination }) => destination));
  const isFree = ({ destination }: OciMount): boolean =>
    !taken.has(destination) && !(taken.has("/dev") && destination.startsWith("/dev/"));
  return [
    ...kernelMounts(request).filter(isFree),
    ...(initPath === undefined ? [] : [bindMount(INIT_IN_CONTAINER, initPath, ["bind", "ro"])]),
    ...mounts.map((mount) => toOciMount(mount, request.canProtectBelow)),
    ...networkFiles(request).filter(isFree),
  ];
}

function kernelMounts({ hostConfig, sharedMemory }: MountsRequest): OciMount[] {
  const { Privileged, ReadonlyRootfs, SecurityOpt } = hostConfig;
  const sysfs = Privileged && !ReadonlyRootfs ? [] : ["ro"];
  const cgroups = Privileged || parseSecurityOptions(SecurityOpt).writableCgroups ? [] : ["ro"];
  return [
    { destination: "/proc", type: "proc", source: "proc", options: HIDDEN },
    {
      destination: "/dev",
      type: "tmpfs",
      source: "tmpfs",
      options: ["nosuid", "strictatime", "mode=755", "size=65536k"],
    },
    {
      destination: "/dev/pts",
      type: "devpts",
      source: "devpts",
      options: ["nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620", "gid=5"],
    },
    { destination: "/sys", type: "sysfs", source: "sysfs", options: [...HIDDEN, ...sysfs] },
    { destination: "/sys/fs/cgroup", type: "cgroup", source: "cgroup", options: [...cgroups, ...HIDDEN] },
    { destination: "/dev/mqueue", type: "mqueue", source: "mqueue", options: HIDDEN },
    ...sharedMemoryMount(hostConfig, sharedMemory),
  ];
}

function sharedMemoryMount({ IpcMode, ShmSize }: HostConfig, shared: SharedMemory | undefined): OciMount[] {
  const destination = "/dev/shm";
  if (IpcMode === "none") return [];
  if (shared !== undefined)
    return [bindMount(destination, shared.source, ["rbind", ...shared.restrictions, "rprivate"])];
  return [{ destination, type: "tmpfs", source: "shm", options: [...HIDDEN, "mode=1777", `size=${ShmSize}`] }];
}

function networkFiles({ hostConfig, etc }: MountsRequest): OciMount[] {
  const access = hostConfig.ReadonlyRootfs ? ["ro"] : [];
  const options = ["rbind", ...access, "rprivate"];
  return [
    bindMount("/etc/resolv.conf", etc.resolvConf, options),
    bindMount("/etc/hostname", etc.hostname, options),
    bindMount("/etc/hosts", etc.hosts, options),
  ];
}

function toOciMount(mount: UserMount, canProtectBelow: boolean): OciMount {
  const { type, source, destination, propagation, recursive, options } = mount;
  if (type === "tmpfs") return { destination, type: "tmpfs", source: "tmpfs", options };
  return bindMount(destination, source, [
    recursive ? "rbind" : "bind",
    ...readOnlyOption(mount, canProtectBelow),
    ...options,
    // crun binds recursively for any recursive word, and there is nothing below.
    recursive ? propagation : propagation.replace(/^r/, ""),
  ]);
}

function readOnlyOption({ readOnly, recursive, recursiveReadOnly }: UserMount, canProtectBelow: boolean): string[] {
  if (!readOnly) return [];
  if (recursiveReadOnly === "required" && !canProtectBelow) {
    throw invalidParameter("recursive read-only mounts are not supported by this kernel: they need Linux 5.12");
  }
  return [canProtectBelow && recursive && recursiveReadOnly !== "no" ? "rro" : "ro"];
}

const bindMount = (destination: string, source: string, options: readonly string[]): OciMount => ({
  destination,
  type: "bind",
  source,
  options,
});

/** How the container's root must be set up for its most open mount to reach the host, or be reached from it. */
export function rootPropagation(mounts: readonly UserMount[]): "shared" | "slave" | undefined {
  const wanted = mounts.map(({ propagation }) => propagation.replace(/^r/, ""));
  if (wanted.includes("shared")) return "shared";
  return wanted.includes("slave") ? "slave" : undefined;
}
