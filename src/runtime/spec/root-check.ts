/** Refuses roots, working directories and mount targets with which an image or a volume would get a hold of the host. */
import { lstatSync } from "node:fs";
import { join } from "node:path";
import { hasCode, invalidParameter } from "../../base/errors.ts";
import { walk, walkInRoot } from "./root-walk.ts";
import type { UserMount } from "./user-mount.ts";

/** Mount points that the runtime works in before it is inside. */
const KERNEL_DIRECTORIES = ["/dev", "/proc", "/sys"];

/** An image's /dev that is a link would have device nodes made elsewhere (CVE-2025-52565, CVE-2026-41579). */
export function checkRoot(rootfs: string): void {
  for (const path of KERNEL_DIRECTORIES) {
    if (!isAbsentOrDirectory(join(rootfs, path))) {
      throw invalidParameter(`invalid image: ${path} is not a directory`);
    }
  }
}

function isAbsentOrDirectory(path: string): boolean {
  try {
    return lstatSync(path).isDirectory();
  } catch (error) {
    if (hasCode(error, "ENOENT")) return true;
    if (hasCode(error, "ENOTDIR")) return false;
    throw error;
  }
}

/** Where another process's files and directories can be reached, whoever they belong to. */
const PROCESS_DIRECTORY = /^\/proc\/(self|thread-self|\d+)(\/|$)/;

/** A working directory among open descriptors could be the host's (CVE-2024-21626). `root` may be a running container's. */
export function checkWorkingDir(root: string, cwd: string): void {
  if (!cwd.startsWith("/")) {
    throw invalidParameter(`the working directory '${cwd}' is invalid, it needs to be an absolute path`);
  }
  if (cwd === "/") return;
  if (PROCESS_DIRECTORY.test(cwd) || PROCESS_DIRECTORY.test(walkInRoot(root, cwd))) {
    throw invalidParameter(`the working directory '${cwd}' is invalid, it leads into a process's directory in /proc`);
  }
}

/** The runtime makes a working directory that is missing; Docker's words for one that is a file (moby container.SetupWorkingDirectory). */
export function checkWorkingDirIsNoFile(rootfs: string, cwd: string): void {
  if (cwd !== "/" && !isAbsentOrDirectory(join(rootfs, walkInRoot(rootfs, cwd)))) {
    throw invalidParameter(`Cannot mkdir: ${cwd} is not a directory`);
  }
}

/** Files of /proc that may be replaced, as in runc: they tell about the machine and steer nothing. */
const REPLACEABLE = new Set([
  "/proc/cpuinfo",
  "/proc/diskstats",
  "/proc/loadavg",
  "/proc/meminfo",
  "/proc/net/dev",
  "/proc/slabinfo",
  "/proc/stat",
  "/proc/swaps",
  "/proc/sys/crypto/fips_enabled",
  "/proc/sys/kernel/ns_last_pid",
  "/proc/uptime",
]);

/** Nothing is mounted in /proc, since runtimes write labels and settings there (CVE-2025-52881, CVE-2023-27561). */
export function checkDestination(destination: string): void {
  if (destination !== "/proc" && !destination.startsWith("/proc/")) return;
  if (REPLACEABLE.has(destination)) return;
  throw invalidParameter(`"${destination}" cannot be mounted because it is inside /proc`);
}

/** Looks through the links of the image, and of what is mounted before, for targets that only turn out to be in /proc. */
export function checkMountTargets(rootfs: string, mounts: readonly UserMount[]): void {
  const placed: { readonly target: string; readonly source: string | undefined }[] = [];
  const hostPath = (inside: string): string | undefined => {
    const over = placed.findLast(({ target }) => inside === target || inside.startsWith(`${target}/`));
    if (over === undefined) return rootfs + inside;
    return over.source === undefined ? undefined : over.source + inside.slice(over.target.length);
  };
  for (const { type, source, destination } of mounts) {
    const target = walk(destination, hostPath);
    if (target === "/") throw invalidParameter("invalid specification: destination can't be '/'");
    checkDestination(target);
    placed.push({ target, source: type === "bind" ? source : undefined });
  }
}

/** Refuses to share /dev with others under a runtime that would take what covers masked paths from there. */
export function checkDeviceMounts(rootfs: string, mounts: readonly UserMount[], masksFromHost: () => boolean): void {
  const shared = mounts.find(({ type, destination }) => type !== "tmpfs" && walkInRoot(rootfs, destination) === "/dev");
  if (shared === undefined || masksFromHost()) return;
  throw invalidParameter(
    `"${shared.destination}" cannot be mounted: this runc takes from /dev what hides paths of /proc (CVE-2025-31133); use crun, or runc 1.2.8 or newer`,
  );
}
