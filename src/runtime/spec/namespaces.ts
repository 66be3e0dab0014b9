/** Which namespaces a container gets: its own, the host's (no entry), or another process's (a path). Pure. */
import type { HostConfig } from "../../wire/host-config.ts";
import { isHost } from "./modes.ts";
import type { Namespace } from "./oci.ts";

export interface NamespaceRequest {
  readonly hostConfig: Pick<HostConfig, "NetworkMode" | "PidMode" | "IpcMode" | "UTSMode" | "CgroupnsMode">;
  /** Of a namespace made ready for it. */
  readonly netnsPath: string | undefined;
  readonly joinPid: { readonly pid?: number; readonly ipc?: number; readonly network?: number };
}

export function toNamespaces({ hostConfig, netnsPath, joinPid }: NamespaceRequest): Namespace[] {
  return [
    { type: "mount" },
    ...joinable("pid", hostConfig.PidMode, joinPid.pid),
    ...joinable("ipc", hostConfig.IpcMode, joinPid.ipc),
    ...network(hostConfig.NetworkMode, netnsPath, joinPid.network),
    ...joinable("uts", hostConfig.UTSMode, undefined),
    ...joinable("cgroup", hostConfig.CgroupnsMode, undefined),
  ];
}

function joinable(type: "pid" | "ipc" | "uts" | "cgroup", mode: string, pid: number | undefined): Namespace[] {
  if (pid !== undefined) return [{ type, path: `/proc/${pid}/ns/${type}` }];
  return isHost(mode) ? [] : [{ type }];
}

/** Only the word `host` gives the host's network: without a path, any other mode gets an empty namespace. */
function network(mode: string, netnsPath: string | undefined, pid: number | undefined): Namespace[] {
  const path = netnsPath ?? (pid === undefined ? undefined : `/proc/${pid}/ns/net`);
  if (path !== undefined) return [{ type: "network", path }];
  return isHost(mode) ? [] : [{ type: "network" }];
}
