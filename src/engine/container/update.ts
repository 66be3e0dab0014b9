/** Changing limits and the restart policy, also of a running container. */
import { conflict, invalidParameter } from "../../base/errors.ts";
import type { ContainerUpdateRequest } from "../../wire/container.ts";
import type { HostConfig } from "../../wire/host-config.ts";
import { type EngineContext, tell } from "../context.ts";
import type { Container } from "./container.ts";

/** The kernel is asked before the record is changed, so that a refused limit leaves no trace. */
export async function updateContainer(
  ctx: EngineContext,
  container: Container,
  request: ContainerUpdateRequest,
): Promise<{ Warnings: string[] }> {
  using _held = await ctx.locks.acquire(container.id);
  const { at } = container.phase;
  if (at === "removing" || at === "dead") throw conflict(`container is marked for removal and cannot be "update"`);
  const { RestartPolicy: policy, ...limits } = request;
  const before = container.spec.hostConfig;
  if (policy !== undefined && before.AutoRemove && policy.Name !== "no") {
    throw conflict("Restart policy cannot be updated because AutoRemove is enabled for the container");
  }
  const { hostConfig, warnings } = ctx.runtime.check(container.spec.config, applyLimits(before, limits));
  if (container.live !== undefined && Object.keys(limits).length > 0) {
    await ctx.runtime.update(container.id, hostConfig.Runtime, hostConfig);
  }
  container.updateSpec({ hostConfig: { ...hostConfig, ...(policy === undefined ? {} : { RestartPolicy: policy }) } });
  tell(ctx, container, "update");
  return { Warnings: warnings };
}

/** Zero and absent mean "as it is" (moby container.UpdateContainer), but for the swap and pids limits, where -1 lifts them. */
function applyLimits(before: HostConfig, limits: Omit<ContainerUpdateRequest, "RestartPolicy">): HostConfig {
  const given = Object.entries(limits).filter(([, value]) => value !== 0 && value !== "" && value !== null);
  const after: HostConfig = { ...before, ...Object.fromEntries(given) };
  if (limits.Memory && after.MemorySwap > 0 && after.Memory > after.MemorySwap) {
    throw conflict(
      "Memory limit should be smaller than already set memoryswap limit, update the memoryswap at the same time",
    );
  }
  if (limits.NanoCpus && (before.CpuPeriod || before.CpuQuota)) {
    throw conflict("Conflicting options: Nano CPUs cannot be updated as CPU Period/Quota has already been set");
  }
  if ((limits.CpuPeriod || limits.CpuQuota) && before.NanoCpus) {
    throw invalidParameter("Conflicting options: CPU Period/Quota cannot be updated as NanoCPUs has already been set");
  }
  return after;
}
