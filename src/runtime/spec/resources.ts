/** Limits in the terms of the OCI specification, with Docker's meanings (moby daemon_unix.go, oci_linux.go WithResources). */
import type { Resources } from "../../wire/host-config.ts";
import type { Host } from "../host.ts";
import { toBlockIo } from "./block-io.ts";
import type { Cpu, LinuxResources, Memory } from "./oci.ts";

const NANO = 1e9;
const PERIOD_US = 100_000;
const UNLIMITED = -1;

/** What the kernel at hand cannot do is left out; `check` has warned of it. Devices are not among them. */
export function toResources(
  resources: Resources,
  host: Pick<Host, "isCgroupV2" | "limitsSwap" | "weighsBlockIo">,
): LinuxResources {
  const memory = toMemory(resources, host);
  const cpu = toCpu(resources);
  const blockIO = toBlockIo(resources, host.weighsBlockIo);
  const { PidsLimit } = resources;
  return {
    ...(isEmpty(memory) ? {} : { memory }),
    ...(isEmpty(cpu) ? {} : { cpu }),
    ...(PidsLimit !== null && PidsLimit > 0 ? { pids: { limit: PidsLimit } } : {}),
    ...(isEmpty(blockIO) ? {} : { blockIO }),
  };
}

const isEmpty = (fields: object): boolean => Object.keys(fields).length === 0;

function toMemory(resources: Resources, { isCgroupV2, limitsSwap }: Pick<Host, "isCgroupV2" | "limitsSwap">): Memory {
  const { Memory, MemoryReservation, MemorySwappiness, OomKillDisable } = resources;
  const swap = swapLimit(resources);
  // Neither exists in version 2.
  const swappiness = isCgroupV2 ? null : MemorySwappiness;
  const disablesOomKiller = !isCgroupV2 && OomKillDisable === true;
  return {
    ...(Memory > 0 ? { limit: Memory } : {}),
    ...(MemoryReservation > 0 ? { reservation: MemoryReservation } : {}),
    ...(swap !== 0 && limitsSwap ? { swap } : {}),
    ...(swappiness !== null && swappiness >= 0 ? { swappiness } : {}),
    ...(disablesOomKiller ? { disableOOMKiller: true } : {}),
  };
}

/** Memory and swap together: twice the memory when only that is limited, -1 for no limit on swap. */
const swapLimit = ({ Memory, MemorySwap }: Resources): number =>
  Memory > 0 && MemorySwap === 0 ? 2 * Memory : Math.max(MemorySwap, UNLIMITED);

/** What the kernel would silently make 2 of; runc refuses it. */
export const CPU_SHARES_REFUSAL = "the minimum allowed cpu-shares is 2";
export const hasTooFewShares = ({ CpuShares }: Pick<Resources, "CpuShares">): boolean => CpuShares === 1;

function toCpu(resources: Resources): Cpu {
  const { NanoCpus, CpuShares, CpuQuota, CpuPeriod, CpuRealtimePeriod, CpuRealtimeRuntime, CpusetCpus, CpusetMems } =
    resources;
  const quota = NanoCpus > 0 ? Math.round((NanoCpus * PERIOD_US) / NANO) : CpuQuota;
  const period = NanoCpus > 0 ? PERIOD_US : CpuPeriod;
  return {
    ...(CpuShares > 0 ? { shares: CpuShares } : {}),
    ...(quota === 0 ? {} : { quota }),
    ...(period > 0 ? { period } : {}),
    ...(CpuRealtimePeriod > 0 ? { realtimePeriod: CpuRealtimePeriod } : {}),
    ...(CpuRealtimeRuntime > 0 ? { realtimeRuntime: CpuRealtimeRuntime } : {}),
    ...(CpusetCpus === "" ? {} : { cpus: CpusetCpus }),
    ...(CpusetMems === "" ? {} : { mems: CpusetMems }),
  };
}
