/** The OCI spec of a container, from what Docker's API says about it. Reads the image's accounts and the host's devices, nothing else. */
import { posix } from "node:path";
import type { ContainerConfig } from "../../wire/container.ts";
import type { HostConfig } from "../../wire/host-config.ts";
import { Refusal } from "../driver/failure.ts";
import type { Host } from "../host.ts";
import { readAccounts } from "./accounts.ts";
import { toDevices } from "./devices.ts";
import { isHost } from "./modes.ts";
import { rootPropagation, type SharedMemory, toMounts } from "./mounts.ts";
import { toNamespaces } from "./namespaces.ts";
import type { Linux, Spec } from "./oci.ts";
import { runsInit, toInitProcess } from "./process.ts";
import { protectedPaths } from "./protected-paths.ts";
import { CPU_SHARES_REFUSAL, hasTooFewShares, toResources } from "./resources.ts";
import { toSysctls } from "./sysctls.ts";
import type { UserMount } from "./user-mount.ts";

/** What a start hands in: the engine's request and what the runtime room has prepared for it. */
export interface ContainerSpecRequest {
  readonly id: string;
  readonly config: ContainerConfig;
  readonly hostConfig: HostConfig;
  readonly rootfs: string;
  readonly etc: { readonly hosts: string; readonly resolvConf: string; readonly hostname: string };
  readonly netnsPath: string | undefined;
  readonly joinPid?: { readonly pid?: number; readonly ipc?: number; readonly network?: number };
  readonly hostname: string;
  readonly mounts: readonly UserMount[];
  readonly sharedMemory: SharedMemory | undefined;
  readonly initPath: string;
  readonly cgroupParent: string;
}

/** Without seccomp and annotations: those are the driver's. */
export function toContainerSpec(request: ContainerSpecRequest, host: Host): Spec {
  const { config, hostConfig, rootfs, hostname } = request;
  const available = host.capabilities;
  const accounts = readAccounts(rootfs);
  return {
    ociVersion: "1.0.2",
    process: toInitProcess({ config, hostConfig, accounts, available }, hostname),
    root: { path: rootfs, ...(hostConfig.ReadonlyRootfs ? { readonly: true } : {}) },
    ...(setsHostname(hostConfig) && hostname !== "" ? { hostname } : {}),
    mounts: toMounts({
      ...request,
      initPath: runsInit(hostConfig) ? request.initPath : undefined,
      canProtectBelow: host.protectsBelow,
    }),
    linux: toLinux(request, host),
  };
}

const setsHostname = ({ UTSMode }: HostConfig): boolean => !isHost(UTSMode);

function toLinux(request: ContainerSpecRequest, host: Host): Linux {
  const { id, config, hostConfig, netnsPath, joinPid = {}, mounts } = request;
  const { devices, rules } = toDevices(hostConfig);
  const propagation = rootPropagation(mounts);
  const sysctl = toSysctls(hostConfig, config.Domainname);
  if (hasTooFewShares(hostConfig)) {
    throw new Refusal("process", `error setting cgroup config for procHooks process: ${CPU_SHARES_REFUSAL}`);
  }
  return {
    namespaces: toNamespaces({ hostConfig, netnsPath, joinPid }),
    ...(Object.keys(sysctl).length === 0 ? {} : { sysctl }),
    resources: { devices: rules, ...toResources(hostConfig, host) },
    cgroupsPath: cgroupPath(request.cgroupParent, hostConfig, id),
    ...(devices.length === 0 ? {} : { devices }),
    ...protectedPaths(hostConfig, host.thermalPaths),
    ...(propagation === undefined ? {} : { rootfsPropagation: propagation }),
  };
}

/** The container's cgroup in every hierarchy: always absolute, never climbing. */
export function cgroupPath(
  defaultParent: string,
  { CgroupParent }: Pick<HostConfig, "CgroupParent">,
  id: string,
): string {
  return posix.join("/", CgroupParent || defaultParent, id);
}
