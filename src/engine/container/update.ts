/** Changing limits and the restart policy, also of a running container. */
import { conflict } from "../../base/errors.ts";
import type { ContainerUpdateRequest } from "../../wire/container.ts";
import type { HostConfig } from "../../wire/host-config.ts";
import { type EngineContext, tell } from "../context.ts";
import type { Container } from "./container.ts";

/** The kernel is asked before the record is changed, so that a refused limit leaves no trace. */
export async function updateContainer(
  ctx: EngineContext,
  container: Container,
  request: ContainerUpdateRequest,
): Promise<{ Warnings: string[] | null }> {
  using _held = await ctx.locks.acquire(container.id);
  const { at } = container.phase;
  if (at === "removing" || at === "dead") throw conflict(`container is marked for removal and cannot be "update"`);
  const problem = conflictWith(container.spec.hostConfig, request);
  if (problem !== undefined) throw conflict(`Cannot update container ${container.id}: ${problem}`);
  const { RestartPolicy: policy, ...limits } = request;
  const { hostConfig, warnings } = ctx.runtime.adaptLimits(applyLimits(container.spec.hostConfig, limits));
  if (container.live !== undefined && Object.keys(limits).length > 0) {
    await ctx.runtime.update(container.id, hostConfig.Runtime, hostConfig);
  }
  container.updateSpec({ hostConfig: { ...hostConfig, ...(policy?.Name ? { RestartPolicy: policy } : {}) } });
  tell(ctx, container, "update");
  return { Warnings: warnings.length === 0 ? null : warnings };
}

/** What of a request does not go with what is set already (moby container.UpdateContainer). */
function conflictWith(before: HostConfig, request: ContainerUpdateRequest): string | undefined {
  const { Memory = 0, MemorySwap = 0, NanoCpus = 0, CpuPeriod = 0, CpuQuota = 0, RestartPolicy: policy } = request;
  if (NanoCpus > 0 && before.CpuPeriod > 0) return cpuConflict("Nano CPUs", "CPU Period");
  if (NanoCpus > 0 && before.CpuQuota > 0) return cpuConflict("Nano CPUs", "CPU Quota");
  if (CpuPeriod > 0 && before.NanoCpus > 0) return cpuConflict("CPU Period", "NanoCPUs");
  if (CpuQuota > 0 && before.NanoCpus > 0) return cpuConflict("CPU Quota", "NanoCPUs");
  if (Memory !== 0 && MemorySwap === 0 && Memory > before.MemorySwap) {
    return "Memory limit should be smaller than already set memoryswap limit, update the memoryswap at the same time";
  }
  if (policy?.Name && policy.Name !== "no" && before.AutoRemove) {
    return "Restart policy cannot be updated because AutoRemove is enabled for the container";
  }
  return undefined;
}

const cpuConflict = (wanted: string, present: string): string =>
  `Conflicting options: ${wanted} cannot be updated as ${present} has already been set`;

/** Zero and absent mean "as it is", but for the pids limit, where 0 lifts it. */
function applyLimits(before: HostConfig, limits: Omit<ContainerUpdateRequest, "RestartPolicy">): HostConfig {
  const given = Object.entries(limits).filter(
    ([name, value]) => value !== "" && value !== null && (value !== 0 || name === "PidsLimit"),
  );
  return { ...before, ...Object.fromEntries(given) };
}
