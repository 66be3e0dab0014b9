/** Paths of /proc and /sys that a container does not see, or may not write (moby oci/defaults.go). Pure. */
import type { HostConfig } from "../../wire/host-config.ts";
import type { Linux } from "./oci.ts";
import { parseSecurityOptions } from "./security-options.ts";

const MASKED: readonly string[] = [
  "/proc/asound",
  "/proc/acpi",
  "/proc/interrupts",
  "/proc/kcore",
  "/proc/keys",
  "/proc/latency_stats",
  "/proc/timer_list",
  "/proc/timer_stats",
  "/proc/sched_debug",
  "/proc/scsi",
  "/sys/firmware",
  "/sys/devices/virtual/powercap",
];
const READ_ONLY: readonly string[] = ["/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"];

/**
 * Null in the configuration means the defaults; a list, even an empty one, is taken as it is. `thermal` are the machine's
 * files on power and throttling, which tell what the other tenants of a CPU do.
 */
export function protectedPaths(
  { Privileged, MaskedPaths, ReadonlyPaths, SecurityOpt }: HostConfig,
  thermal: readonly string[],
): Pick<Linux, "maskedPaths" | "readonlyPaths"> {
  if (Privileged || parseSecurityOptions(SecurityOpt).unconfinedPaths) return {};
  return {
    maskedPaths: MaskedPaths ?? [...MASKED, ...thermal],
    readonlyPaths: ReadonlyPaths ?? READ_ONLY,
  };
}

/** The same as a configuration writes it down; null is none. */
export function shownPaths(
  hostConfig: HostConfig,
  thermal: readonly string[],
): Pick<HostConfig, "MaskedPaths" | "ReadonlyPaths"> {
  const { maskedPaths, readonlyPaths } = protectedPaths(hostConfig, thermal);
  return {
    MaskedPaths: maskedPaths === undefined ? null : [...maskedPaths],
    ReadonlyPaths: readonlyPaths === undefined ? null : [...readonlyPaths],
  };
}

/** Whether anything is masked at all. */
export const hidesPaths = (hostConfig: HostConfig): boolean =>
  (protectedPaths(hostConfig, []).maskedPaths ?? []).length > 0;
