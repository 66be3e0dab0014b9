/** Kernel parameters of a container: only those that belong to a namespace of its own (runc's validator and messages). Pure. */
import type { HostConfig } from "../../wire/host-config.ts";
import { Refusal } from "../driver/failure.ts";
import { isHost, isOwn, joinsContainer } from "./modes.ts";

const IPC = new Set([
  "kernel.msgmax",
  "kernel.msgmnb",
  "kernel.msgmni",
  "kernel.sem",
  "kernel.shmall",
  "kernel.shmmax",
  "kernel.shmmni",
  "kernel.shm_rmid_forced",
]);

/** What Docker sets in every network namespace: an unprivileged server may take port 80, an unprivileged ping may run. */
const NETWORK_DEFAULTS: Readonly<Record<string, string>> = {
  "net.ipv4.ip_unprivileged_port_start": "0",
  "net.ipv4.ping_group_range": "0 2147483647",
};

type Modes = Pick<HostConfig, "NetworkMode" | "IpcMode" | "UTSMode" | "Sysctls">;

function checkSysctl(key: string, { NetworkMode, IpcMode, UTSMode }: Modes): void {
  const name = normalize(key);
  if (IPC.has(name) || name.startsWith("fs.mqueue.")) {
    if (isOwn(IpcMode)) return;
    throw new Refusal("document", `sysctl "${key}" is not allowed in the hosts ipc namespace`);
  }
  if (name.startsWith("net.")) {
    if (!isHost(NetworkMode)) return;
    throw new Refusal("document", `sysctl "${key}" not allowed in host network namespace`);
  }
  if (name === "kernel.domainname" && !isHost(UTSMode)) return;
  if (name === "kernel.hostname") {
    throw new Refusal("document", `sysctl "${key}" is not allowed as it conflicts with the OCI "hostname" field`);
  }
  throw new Refusal("document", `sysctl "${key}" is not in a separate kernel namespace`);
}

/** As sysctl(8): the first separator decides which of the two it is. */
const normalize = (key: string): string => {
  const slash = key.indexOf("/");
  const dot = key.indexOf(".");
  return slash >= 0 && (dot < 0 || slash < dot) ? key.replaceAll("/", ".") : key;
};

/**
 * The parameters to set. A namespace that is joined keeps what its owner has set. Throws a Refusal of a parameter of the host;
 * names may be written with dots or slashes.
 */
export function toSysctls(modes: Modes, domainname: string): Readonly<Record<string, string>> {
  const { NetworkMode, UTSMode, Sysctls = {} } = modes;
  for (const key of Object.keys(Sysctls)) checkSysctl(key, modes);
  return {
    ...(domainname === "" || isHost(UTSMode) ? {} : { "kernel.domainname": domainname }),
    ...(isHost(NetworkMode) || joinsContainer(NetworkMode) ? {} : NETWORK_DEFAULTS),
    ...Sysctls,
  };
}
