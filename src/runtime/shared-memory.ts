/** /dev/shm that several containers see: `--ipc shareable` mounts it beside the bundle, `--ipc container:<id>` finds it there. */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { invalidParameter } from "../base/errors.ts";
import { mountRestrictions } from "../kernel/mount-restrictions.ts";
import { readMounts } from "../kernel/mountinfo.ts";
import { MS, mount, umountIfMounted } from "../kernel/mounts.ts";
import type { HostConfig } from "../wire/host-config.ts";
import { isHost } from "./spec/modes.ts";
import type { SharedMemory } from "./spec/mounts.ts";

export interface SharedMemoryRequest {
  /** The container's bundle. */
  readonly dir: string;
  readonly hostConfig: Pick<HostConfig, "IpcMode" | "ShmSize">;
  /** Where all bundles lie. */
  readonly containersDir: string;
  /** A process of the container whose memory is joined. */
  readonly donorPid: number | undefined;
}

const directoryIn = (bundle: string): string => join(bundle, "shm");

/** What to bind to /dev/shm; undefined when the container has its own or none. */
export function prepareSharedMemory(request: SharedMemoryRequest): SharedMemory | undefined {
  const source = findSource(request);
  return source === undefined ? undefined : { source, restrictions: mountRestrictions(source) };
}

function findSource({ dir, hostConfig, containersDir, donorPid }: SharedMemoryRequest): string | undefined {
  if (donorPid !== undefined) return findShared(donorPid, containersDir);
  if (isHost(hostConfig.IpcMode)) return "/dev/shm";
  if (hostConfig.IpcMode !== "shareable") return undefined;
  const target = directoryIn(dir);
  releaseSharedMemory(dir);
  mkdirSync(target, { recursive: true, mode: 0o700 });
  const flags = MS.NOSUID | MS.NODEV | MS.NOEXEC;
  mount({ source: "shm", target, type: "tmpfs", flags, data: `mode=1777,size=${hostConfig.ShmSize}` });
  return target;
}

/** Idempotent. Containers that joined keep what they have mounted. */
export function releaseSharedMemory(bundle: string): void {
  umountIfMounted(directoryIn(bundle));
}

/**
 * The donor's /dev/shm by the device it lies on. The path the donor sees is not followed: it could be a link by now, and its
 * mount belongs to another mount namespace, which cannot be bound from.
 */
function findShared(donorPid: number, containersDir: string): string {
  const device = readMounts(donorPid).find(({ target, type }) => target === "/dev/shm" && type === "tmpfs")?.device;
  const shared = readMounts().find((entry) => entry.device === device && entry.target.startsWith(`${containersDir}/`));
  if (device === undefined || shared === undefined) {
    throw invalidParameter(
      "failed to join IPC namespace: non-shareable IPC (hint: use IpcMode:shareable for the donor container)",
    );
  }
  return shared.target;
}
