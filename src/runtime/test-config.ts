/** For tests: a container as Docker creates it when nothing is asked for. */
import type { ContainerConfig } from "../wire/container.ts";
import { emptyConfig, emptyHostConfig } from "../wire/empty.ts";
import type { HostConfig } from "../wire/host-config.ts";

export const CONFIG: ContainerConfig = { ...emptyConfig(), Hostname: "box", Image: "busybox" };

export const HOST_CONFIG: HostConfig = {
  ...emptyHostConfig(),
  LogConfig: { Type: "json-file", Config: {} },
  NetworkMode: "none",
  RestartPolicy: { Name: "no", MaximumRetryCount: 0 },
  CgroupnsMode: "private",
  IpcMode: "private",
  ShmSize: 64 * 1024 * 1024,
};
