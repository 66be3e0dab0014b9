/** What running a step needs of the rooms below. */
import type { ContainerId } from "../../../base/ids.ts";
import type { MonitorHandle, ProcessRequest } from "../../../runtime/monitor/types.ts";
import type { UserMount } from "../../../runtime/spec/user-mount.ts";
import type { ContainerConfig, EndpointSettings } from "../../../wire/container.ts";
import type { HostConfig } from "../../../wire/host-config.ts";

export interface StepNetwork {
  acquire(
    id: ContainerId,
    request: {
      readonly name: string;
      readonly config: Pick<ContainerConfig, "Hostname" | "ExposedPorts">;
      readonly hostConfig: HostConfig;
      readonly endpoints: Readonly<Record<string, EndpointSettings>>;
    },
  ): Promise<{
    readonly netnsPath: string | undefined;
    readonly endpoints: Readonly<Record<string, EndpointSettings>>;
  }>;
  handedOver(id: ContainerId, pid: number): void;
  release(id: ContainerId): void;
}

export interface StepRuntime {
  writeBundle(
    dir: string,
    request: {
      readonly id: ContainerId;
      readonly config: ContainerConfig;
      readonly hostConfig: HostConfig;
      readonly rootfs: string;
      readonly etc: { readonly hosts: string; readonly resolvConf: string; readonly hostname: string };
      readonly mounts: readonly UserMount[];
      readonly netnsPath: string | undefined;
      readonly hostname: string;
    },
  ): void;
  run(id: ContainerId, runtimeName: string, process: ProcessRequest): MonitorHandle;
  explain(failure: unknown, kind: "container"): { readonly exitCode: number; readonly message: string };
  destroy(id: ContainerId, runtimeName: string, hostConfig: HostConfig): Promise<void>;
  readonly defaultName: string;
}

export interface StepEtcFiles {
  write(
    dir: string,
    request: {
      readonly hostname: string;
      readonly domainname: string;
      readonly hostConfig: HostConfig;
      readonly endpoints: Readonly<Record<string, EndpointSettings>>;
      readonly links: readonly (readonly [address: string, names: string])[];
    },
  ): { hosts: string; resolvConf: string; hostname: string };
}
