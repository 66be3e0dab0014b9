/** What a container uses, once or every second (GET /containers/{id}/stats). */
import { readFileSync } from "node:fs";
import { cpus, totalmem } from "node:os";
import { nowRfc3339 } from "../../base/clock.ts";
import type { IoBytes } from "../../kernel/cgroup-io.ts";
import type { CgroupUsage } from "../../kernel/cgroup-usage.ts";
import { ZERO_TIME } from "../../state/container-record.ts";
import type { BlkioEntry, ContainerStats, CpuStats, NetworkStats } from "../../wire/stats.ts";
import type { EngineContext } from "../context.ts";
import { joinedContainer } from "../network-mode.ts";
import type { Container } from "./container.ts";

export interface StatsOptions {
  /** A sample every second until the client leaves or the container is gone. */
  readonly stream: boolean;
  /** Without `stream`: one sample at once, instead of two a second apart to compare. */
  readonly oneShot: boolean;
}

const SAMPLE_EVERY_MS = 1000;
/** USER_HZ, in which /proc/stat counts, proc_stat(5). */
const TICK_NS = 1e7;
const NO_CPU: CpuStats = {
  cpu_usage: { total_usage: 0, usage_in_kernelmode: 0, usage_in_usermode: 0 },
  throttling_data: { periods: 0, throttled_periods: 0, throttled_time: 0 },
};

export async function* statsOf(
  ctx: EngineContext,
  container: Container,
  { stream, oneShot }: StatsOptions,
  signal: AbortSignal,
): AsyncGenerator<ContainerStats> {
  let last = sample(ctx, container, undefined);
  if (!stream && !oneShot && container.live !== undefined) {
    await pause(signal);
    last = sample(ctx, container, last);
  }
  yield last;
  while (stream && !signal.aborted && ctx.registry.byId(container.id) === container) {
    await pause(signal);
    if (signal.aborted) return;
    last = sample(ctx, container, last);
    yield last;
  }
}

/** A second, or less when the client leaves. */
function pause(signal: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, SAMPLE_EVERY_MS);
  signal.addEventListener("abort", () => resolve(), { once: true });
  return promise.finally(() => clearTimeout(timer));
}

function sample(ctx: EngineContext, container: Container, before: ContainerStats | undefined): ContainerStats {
  const { live, spec } = container;
  const usage = live === undefined ? undefined : ctx.runtime.usage(container.id, spec.hostConfig);
  return {
    name: `/${container.name}`,
    id: container.id,
    read: usage === undefined ? ZERO_TIME : nowRfc3339(),
    preread: before?.read ?? ZERO_TIME,
    pids_stats: usage === undefined ? {} : usage.pids,
    blkio_stats: usage === undefined ? NO_BLKIO : { ...NO_BLKIO, io_service_bytes_recursive: usage.io.map(toEntry) },
    num_procs: 0,
    storage_stats: {},
    cpu_stats: usage === undefined ? NO_CPU : toCpuStats(usage.cpu),
    precpu_stats: before?.cpu_stats ?? NO_CPU,
    memory_stats: usage === undefined ? {} : { ...usage.memory, limit: usage.memory.limit ?? totalmem() },
    ...networksOf(container),
  };
}

const NO_BLKIO: Record<string, null> = Object.fromEntries(
  ["service_bytes", "serviced", "queue", "service_time", "wait_time", "merged", "time"].map((name) => [
    `io_${name}_recursive`,
    null,
  ]),
);

const toEntry = ({ major, minor, op, bytes }: IoBytes): BlkioEntry => ({ major, minor, op, value: bytes });

function toCpuStats({
  totalNs,
  userNs,
  systemNs,
  periods,
  throttledPeriods,
  throttledNs,
}: CgroupUsage["cpu"]): CpuStats {
  return {
    cpu_usage: { total_usage: totalNs, usage_in_kernelmode: systemNs, usage_in_usermode: userNs },
    system_cpu_usage: systemCpuNs(),
    online_cpus: cpus().length,
    throttling_data: { periods, throttled_periods: throttledPeriods, throttled_time: throttledNs },
  };
}

/** Of all CPUs since boot; guest time is counted in user time already. */
function systemCpuNs(): number {
  const [, ...ticks] = (readFileSync("/proc/stat", "utf8").split("\n", 1)[0] ?? "").split(/\s+/);
  return ticks.slice(0, 8).reduce((sum, each) => sum + Number(each), 0) * TICK_NS;
}

function networksOf({ live, spec }: Container): Pick<ContainerStats, "networks"> {
  const mode = spec.hostConfig.NetworkMode;
  if (live === undefined || mode === "host" || joinedContainer(mode) !== undefined) return {};
  try {
    return { networks: parseNetDev(readFileSync(`/proc/${live.pid}/net/dev`, "utf8")) };
  } catch {
    return {}; // It ended meanwhile.
  }
}

/** Lines such as "eth0: bytes packets errs drop …", receiving and then sending, proc_pid_net(5). */
export function parseNetDev(text: string): Record<string, NetworkStats> {
  const lines = text.matchAll(/^\s*([^\s:]+):\s*(.+)$/gm);
  const links = [...lines].filter(([, name]) => name !== "lo");
  return Object.fromEntries(
    links.map(([, name = "", counters = ""]) => {
      const values = counters.trim().split(/\s+/).map(Number);
      const at = (index: number): number => values[index] ?? 0;
      const stats: NetworkStats = {
        rx_bytes: at(0),
        rx_packets: at(1),
        rx_errors: at(2),
        rx_dropped: at(3),
        tx_bytes: at(8),
        tx_packets: at(9),
        tx_errors: at(10),
        tx_dropped: at(11),
      };
      return [name, stats];
    }),
  );
}
