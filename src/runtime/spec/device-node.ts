/** Device nodes of the host, as they are at the moment of asking. */
import { lstatSync, readdirSync, readlinkSync, type Stats } from "node:fs";
import { join, resolve } from "node:path";
import type { Device } from "./oci.ts";

/** What `--privileged` leaves out of /dev: the container has its own of each. */
const OWN = new Set(["pts", "shm", "fd", "mqueue", "console", ".lxc", ".lxd-mounts", ".udev"]);
const PERMISSIONS = 0o7777;

/** The kernel's split of st_rdev, makedev(3). */
export function splitDevice(rdev: number): { major: number; minor: number } {
  const bits = BigInt(rdev);
  return {
    major: Number(((bits >> 8n) & 0xfffn) | ((bits >> 32n) & 0xfffff000n)),
    minor: Number((bits & 0xffn) | ((bits >> 12n) & 0xffffff00n)),
  };
}

function toDevice(path: string, stats: Stats): Device | undefined {
  const type = stats.isCharacterDevice() ? "c" : stats.isBlockDevice() ? "b" : undefined;
  if (type === undefined) return undefined;
  return { path, type, ...splitDevice(stats.rdev), fileMode: stats.mode & PERMISSIONS, uid: stats.uid, gid: stats.gid };
}

/**
 * The device at `hostPath`, a link followed, or all devices in that directory and below, under their names in the container.
 * Throws ENOENT; empty when it is neither a device nor has any.
 */
export function devicesAt(hostPath: string, containerPath: string): Device[] {
  const stats = lstatSync(hostPath);
  if (stats.isSymbolicLink()) return devicesAt(resolve(join(hostPath, ".."), readlinkSync(hostPath)), containerPath);
  if (stats.isDirectory()) return devicesBelow(hostPath, containerPath);
  const device = toDevice(containerPath, stats);
  return device === undefined ? [] : [device];
}

function devicesBelow(directory: string, containerPath: string): Device[] {
  return readdirSync(directory, { withFileTypes: true }).flatMap((entry) => {
    const [path, inside] = [join(directory, entry.name), `${containerPath}/${entry.name}`];
    if (entry.isDirectory()) return OWN.has(entry.name) ? [] : devicesBelow(path, inside);
    if (!entry.isCharacterDevice() && !entry.isBlockDevice()) return [];
    return OWN.has(entry.name) ? [] : (toDevice(inside, lstatSync(path)) ?? []);
  });
}
