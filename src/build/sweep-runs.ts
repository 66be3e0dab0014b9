/** Away with steps that were cut off: light, as it runs at every start of the engine. */
import { existsSync, readdirSync, rmSync } from "node:fs";
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
