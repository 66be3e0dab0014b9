/** What a sample of a container's statistics means to people, after docker/cli (cli/command/container/stats_helpers.go). Pure. */
import type { ContainerStats, NetworkStats } from "../../wire/stats.ts";

/** All in bytes but the percentages and the processes. */
export interface Usage {
  readonly cpuPercent: number;
  readonly memory: number;
  readonly memoryLimit: number;
  readonly memoryPercent: number;
  readonly received: number;
  readonly sent: number;
  readonly read: number;
  readonly written: number;
  readonly processes: number;
}

export function toUsage(stats: ContainerStats): Usage {
  const memory = usedMemory(stats);
  const memoryLimit = stats.memory_stats.limit ?? 0;
  const links = Object.values(stats.networks ?? {});
  const total = (key: keyof NetworkStats): number => links.reduce((sum, link) => sum + link[key], 0);
  return {
    cpuPercent: cpuPercent(stats),
    memory,
    memoryLimit,
    memoryPercent: memoryLimit === 0 ? 0 : (memory / memoryLimit) * 100,
    received: total("rx_bytes"),
    sent: total("tx_bytes"),
    read: blockBytes(stats, "r"),
    written: blockBytes(stats, "w"),
    processes: stats.pids_stats.current ?? 0,
  };
}

/** 100 is one CPU. Of the time since the sample before. */
function cpuPercent({ cpu_stats: now, precpu_stats: before }: ContainerStats): number {
  const own = now.cpu_usage.total_usage - before.cpu_usage.total_usage;
  const all = (now.system_cpu_usage ?? 0) - (before.system_cpu_usage ?? 0);
  return own > 0 && all > 0 ? (own / all) * (now.online_cpus ?? 1) * 100 : 0;
}

/** Without the cache that the kernel can take back, by either cgroup version's name for it. */
function usedMemory({ memory_stats: { usage = 0, stats = {} } }: ContainerStats): number {
  for (const cache of [stats["total_inactive_file"], stats["inactive_file"]]) {
    if (cache !== undefined && cache < usage) return usage - cache;
  }
  return usage;
}

function blockBytes({ blkio_stats: blkio }: ContainerStats, operation: "r" | "w"): number {
  const entries = blkio["io_service_bytes_recursive"] ?? [];
  return entries.filter(({ op }) => op.toLowerCase().startsWith(operation)).reduce((sum, { value }) => sum + value, 0);
}
