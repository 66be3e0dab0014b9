/** `docker update`: new limits for a running container, through its runtime. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { type EngineError, systemError } from "../base/errors.ts";
import { type CgroupLayout, controllerDirectory } from "../kernel/cgroup-layout.ts";
import type { Resources } from "../wire/host-config.ts";
import type { Driver } from "./driver/driver.ts";
import type { Host } from "./host.ts";
import { CPU_SHARES_REFUSAL, hasTooFewShares, toResources } from "./spec/resources.ts";
import { runRuntime } from "./teardown.ts";

export interface UpdateRequest {
  readonly id: string;
  readonly driver: Driver;
  /** The bundle, where the document is written. */
  readonly dir: string;
  readonly cgroup: string;
  /** All limits as they are to be. */
  readonly resources: Resources;
}

/** Throws a system error with the runtime's words when the kernel refuses. */
export async function updateLimits(request: UpdateRequest, host: Host): Promise<void> {
  const { id, driver, dir, cgroup, resources } = request;
  if (hasTooFewShares(resources)) throw cannotUpdate(id, CPU_SHARES_REFUSAL);
  const file = join(dir, "resources.json");
  writeFileSync(file, JSON.stringify(toResources(resources, host)), { mode: 0o600 });
  const { exitCode, stderr } = await runRuntime(driver.update(id, file));
  if (exitCode !== 0) throw cannotUpdate(id, stderr);
  if (resources.PidsLimit !== null && resources.PidsLimit <= 0) liftPidsLimit(host.cgroups, cgroup);
}

const cannotUpdate = (id: string, why: string): EngineError => systemError(`Cannot update container ${id}: ${why}`);

/** crun has no word for it that version 1 understands. */
function liftPidsLimit(layout: CgroupLayout, cgroup: string): void {
  const directory = controllerDirectory(layout, "pids", cgroup);
  if (directory !== undefined) writeFileSync(join(directory, "pids.max"), "max");
}
