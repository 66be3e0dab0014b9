/** Away with steps that were cut off: light, as it runs at every start of the engine. */
import { existsSync, readdirSync, readlinkSync, rmSync } from "node:fs";
import { hasCode } from "../base/errors.ts";
import { umountIfMounted } from "../kernel/mounts.ts";

/** Runs that an engine's death has left: their processes are gone, their roots may still be mounted. */
export function sweepRuns(runDir: string): void {
  if (!existsSync(runDir)) return;
  for (const name of readdirSync(runDir)) {
    for (const entry of readdirSync(`${runDir}/${name}`)) {
      if (entry === "rootfs" || entry.startsWith("bind-")) umountIfMounted(`${runDir}/${name}/${entry}`);
    }
    rmSync(`${runDir}/${name}`, { recursive: true, force: true });
  }
}

/** Of the build room's directory: what is fetched, begun or thrown away, all of which goes at the next opening. */
export const sweptDirOf = (dir: string): string => `${dir}/remote`;

/** Programs that fetch for builds do not die with their engine. They are told by the directory that they work in. */
export function endFetches(dir: string): void {
  const remoteDir = sweptDirOf(dir);
  if (!existsSync(remoteDir) || readdirSync(remoteDir).length === 0) return;
  for (const pid of readdirSync("/proc").filter((name) => /^\d+$/.test(name))) {
    if (workingDirectory(pid).startsWith(`${remoteDir}/`)) end(Number(pid));
  }
}

/** "" for one that is gone, and for one that is none of ours: the kernel's own, or another user namespace's. */
function workingDirectory(pid: string): string {
  try {
    return readlinkSync(`/proc/${pid}/cwd`);
  } catch {
    return "";
  }
}

function end(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch (error) {
    if (!hasCode(error, "ESRCH")) throw error;
  }
}
