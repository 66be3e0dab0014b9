/**
 * Moving a process into a control group waits for an RCU grace period, some 10 ms on an idle machine, unless the hierarchy is mounted
 * with `favordynmods` (Linux 6.0; Documentation/admin-guide/cgroup-v2.rst). Every container start moves one. The price is a little on
 * every fork and exit of the machine.
 */

import { SysError } from "./errno.ts";
import { type FsOption, reconfigure } from "./mount-api.ts";
import { type MountInfo, readMounts } from "./mountinfo.ts";

const FAVOR = "favordynmods";

/** "set" when it was set now, "already" when it was before, "unavailable" when there is no version 2 hierarchy or the kernel knows no such option. */
export type Outcome = "set" | "already" | "unavailable";

/** Sets the option on the version 2 hierarchy; it holds for all hierarchies of the machine, until it boots. Every other option stays. */
export function favorDynamicCgroups(): Outcome {
  const hierarchy = readMounts().find(({ type }) => type === "cgroup2");
  if (hierarchy === undefined) return "unavailable";
  const options = optionsOf(hierarchy);
  if (options.some(([key]) => key === FAVOR)) return "already";
  try {
    reconfigure(hierarchy.target, [...options, [FAVOR]]);
    return "set";
  } catch (error) {
    if (error instanceof SysError) return "unavailable";
    throw error;
  }
}

/** "rw" and "ro" are the superblock's own and no options of the file system's. */
export function optionsOf({ superOptions }: Pick<MountInfo, "superOptions">): FsOption[] {
  const words = superOptions.split(",").filter((word) => word !== "" && word !== "rw" && word !== "ro");
  return words.map((word): FsOption => {
    const equals = word.indexOf("=");
    return equals < 0 ? [word] : [word.slice(0, equals), word.slice(equals + 1)];
  });
}
