/** For tests: a container as Docker creates it when nothing is asked for. */
import type { ContainerConfig } from "../wire/container.ts";
import { emptyConfig, emptyHostConfig } from "../wire/empty.ts";
import type { HostConfig } from "../wire/host-config.ts";
import { mergeTmpfsOptions } from "./spec/tmpfs.ts";
import type { UserMount } from "./spec/user-mount.ts";

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

/** A bind as `-v source:destination` asks for it. */
export function bind(source: string, destination: string, changes: Partial<UserMount> = {}): UserMount {
  return {
    type: "bind",
    source,
    destination,
    readOnly: false,
    propagation: "rprivate",
    recursive: true,
    recursiveReadOnly: "ifPossible",
    createSource: true,
    options: [],
    ...changes,
  };
}

/** As `--tmpfs destination:options`. */
export function tmpfs(destination: string, options = ""): UserMount {
  return { ...bind("", destination), type: "tmpfs", options: mergeTmpfsOptions(options) };
}
