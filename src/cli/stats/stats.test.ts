import { describe, expect, test } from "bun:test";
import type { ContainerStats } from "../../wire/stats.ts";
import { renderRows } from "../format/rows.ts";
import { statsRows } from "../rows/stats.ts";
import type { Watched } from "./board.ts";
import { toUsage } from "./usage.ts";

const cpu = (own: number, all: number): ContainerStats["cpu_stats"] => ({
  cpu_usage: { total_usage: own, usage_in_kernelmode: 0, usage_in_usermode: 0 },
  system_cpu_usage: all,
  online_cpus: 4,
  throttling_data: { periods: 0, throttled_periods: 0, throttled_time: 0 },
});

const link = (received: number, sent: number) => ({
  rx_bytes: received,
  rx_packets: 0,
  rx_errors: 0,
  rx_dropped: 0,
  tx_bytes: sent,
  tx_packets: 0,
  tx_errors: 0,
  tx_dropped: 0,
});

const SAMPLE: ContainerStats = {
  name: "/web",
  id: "0123456789abcdef".repeat(4),
  read: "",
  preread: "",
  pids_stats: { current: 7 },
  blkio_stats: {
    io_service_bytes_recursive: [
      { major: 254, minor: 0, op: "read", value: 1_000_000 },
      { major: 254, minor: 16, op: "Read", value: 990_000 },
      { major: 254, minor: 0, op: "write", value: 4096 },
      { major: 254, minor: 0, op: "Total", value: 9 },
    ],
    io_serviced_recursive: null,
  },
  num_procs: 0,
  storage_stats: {},
  cpu_stats: cpu(3_000, 20_000),
  precpu_stats: cpu(1_000, 10_000),
  memory_stats: { usage: 10 << 20, limit: 1 << 30, stats: { inactive_file: 2 << 20 } },
  networks: { eth0: link(1000, 10), eth1: link(500, 5) },
};

describe("toUsage()", () => {
  test("reckons as docker does", () => {
    expect(toUsage(SAMPLE)).toEqual({
      cpuPercent: 80,
      memory: 8 << 20,
      memoryLimit: 1 << 30,
      memoryPercent: 0.78125,
      received: 1500,
      sent: 15,
      read: 1_990_000,
      written: 4096,
      processes: 7,
    });
  });

  test("takes version 1's name for the cache, and leaves it in where it is more than there is", () => {
    const memoryOf = (stats: Record<string, number>) =>
      toUsage({ ...SAMPLE, memory_stats: { usage: 100, limit: 1000, stats } }).memory;
    expect(memoryOf({ total_inactive_file: 40, inactive_file: 10 })).toBe(60);
    expect(memoryOf({ inactive_file: 200 })).toBe(100);
    expect(memoryOf({})).toBe(100);
  });

  test("knows nothing of a container that does not run", () => {
    const stopped = { ...SAMPLE, cpu_stats: cpu(0, 0), precpu_stats: cpu(0, 0), memory_stats: {}, pids_stats: {} };
    expect(toUsage(stopped)).toMatchObject({ cpuPercent: 0, memory: 0, memoryPercent: 0, processes: 0 });
  });
});

test("the table has docker's columns and spellings", async () => {
  const known: Watched = { container: "web", id: SAMPLE.id, name: "web", usage: toUsage(SAMPLE) };
  const unknown: Watched = { container: "gone", id: "", name: "", usage: undefined };
  const text = await renderRows(statsRows({ truncate: true }), [known, unknown], { format: "", quiet: false });
  expect(text).toBe(
    "CONTAINER ID   NAME      CPU %     MEM USAGE / LIMIT   MEM %     NET I/O       BLOCK I/O        PIDS\n" +
      "0123456789ab   web       80.00%    8MiB / 1GiB         0.78%     1.5kB / 15B   1.99MB / 4.1kB   7\n" +
      "--             --        --        -- / --             --        --            --               --\n",
  );
});
