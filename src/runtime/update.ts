/** `docker update`: new limits for a running container, through its runtime. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { systemError } from "../base/errors.ts";
import type { Resources } from "../wire/host-config.ts";
import type { Driver } from "./driver/driver.ts";
import type { Host } from "./host.ts";
import type { LinuxResources } from "./spec/oci.ts";
import { toResources } from "./spec/resources.ts";
import { runRuntime } from "./teardown.ts";

export interface UpdateRequest {
  readonly id: string;
  readonly driver: Driver;
  /** The bundle, where the document is written. */
  readonly dir: string;
  /** All limits as they are to be. */
  readonly resources: Resources;
}

/** Throws a system error with the runtime's words when the kernel refuses. */
export async function updateLimits({ id, driver, dir, resources }: UpdateRequest, host: Host): Promise<void> {
  const file = join(dir, "resources.json");
  writeFileSync(file, JSON.stringify(toLimits(resources, host)), { mode: 0o600 });
  const { exitCode, stderr } = await runRuntime(driver.update(id, file));
  if (exitCode !== 0) throw systemError(`Cannot update container ${id}: ${stderr}`);
}

const UNLIMITED = -1;

/** Other than at a start, a limit that is lifted has to be said. */
function toLimits(resources: Resources, host: Host): LinuxResources {
  const limits = toResources(resources, host);
  const { PidsLimit } = resources;
  return PidsLimit !== null && PidsLimit <= 0 ? { ...limits, pids: { limit: UNLIMITED } } : limits;
}
