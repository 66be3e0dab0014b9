/** What a control group has used, read from either version's files. Values that the kernel does not tell are undefined. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type IoBytes, ioOfV1, ioOfV2 } from "./cgroup-io.ts";
import { type CgroupLayout, controllerDirectory } from "./cgroup-layout.ts";

export interface CgroupUsage {
  readonly cpu: {
    readonly totalNs: number;
    readonly userNs: number;
    readonly systemNs: number;
    readonly periods: number;
    readonly throttledPeriods: number;
    readonly throttledNs: number;
  };
  /** `stats` holds the lines of memory.stat. An unlimited `limit` is undefined. */
  readonly memory: {
    readonly usage?: number;
    readonly limit?: number;
    readonly stats: Readonly<Record<string, number>>;
  };
  readonly pids: { readonly current?: number; readonly limit?: number };
  readonly io: readonly IoBytes[];
}

/** Version 1 says "unlimited" with a number beyond all memory. */
const UNLIMITED = 2 ** 62;
/** USER_HZ, in which version 1 counts. */
const TICK_NS = 1e7;

export function cgroupUsage(layout: CgroupLayout, path: string): CgroupUsage {
  const file = (controller: string, name: string): string | undefined => {
    const directory = controllerDirectory(layout, controller, path);
    return directory === undefined ? undefined : readText(join(directory, name));
  };
  return {
    cpu: layout.v1.has("cpuacct") ? cpuOfV1(file) : cpuOfV2(file),
    memory: layout.v1.has("memory") ? memoryOfV1(file) : memoryOfV2(file),
    io: layout.v1.has("blkio")
      ? ioOfV1(file("blkio", "blkio.throttle.io_service_bytes_recursive") ?? "")
      : ioOfV2(file("io", "io.stat") ?? ""),
    pids: optionalPair("current", toNumber(file("pids", "pids.current")), toNumber(file("pids", "pids.max"))),
  };
}

type Read = (controller: string, name: string) => string | undefined;

function cpuOfV1(file: Read): CgroupUsage["cpu"] {
  const ticks = toTable(file("cpuacct", "cpuacct.stat"));
  const throttled = toTable(file("cpu", "cpu.stat"));
  return {
    totalNs: toNumber(file("cpuacct", "cpuacct.usage")) ?? 0,
    userNs: (ticks["user"] ?? 0) * TICK_NS,
    systemNs: (ticks["system"] ?? 0) * TICK_NS,
    periods: throttled["nr_periods"] ?? 0,
    throttledPeriods: throttled["nr_throttled"] ?? 0,
    throttledNs: throttled["throttled_time"] ?? 0,
  };
}

function cpuOfV2(file: Read): CgroupUsage["cpu"] {
  const stat = toTable(file("cpu", "cpu.stat"));
  return {
    totalNs: (stat["usage_usec"] ?? 0) * 1000,
    userNs: (stat["user_usec"] ?? 0) * 1000,
    systemNs: (stat["system_usec"] ?? 0) * 1000,
    periods: stat["nr_periods"] ?? 0,
    throttledPeriods: stat["nr_throttled"] ?? 0,
    throttledNs: (stat["throttled_usec"] ?? 0) * 1000,
  };
}

function memoryOfV1(file: Read): CgroupUsage["memory"] {
  const limit = toNumber(file("memory", "memory.limit_in_bytes"));
  return {
    ...optionalPair("usage", toNumber(file("memory", "memory.usage_in_bytes")), limit),
    stats: toTable(file("memory", "memory.stat")),
  };
}

function memoryOfV2(file: Read): CgroupUsage["memory"] {
  const limit = toNumber(file("memory", "memory.max"));
  return {
    ...optionalPair("usage", toNumber(file("memory", "memory.current")), limit),
    stats: toTable(file("memory", "memory.stat")),
  };
}

function optionalPair<K extends string>(
  key: K,
  value: number | undefined,
  limit: number | undefined,
): { [P in K]?: number } & { limit?: number } {
  const pair: { [P in K]?: number } & { limit?: number } = {};
  if (value !== undefined) Object.assign(pair, { [key]: value });
  if (limit !== undefined && limit < UNLIMITED) pair.limit = limit;
  return pair;
}

/** Undefined for "max" and for nothing. */
function toNumber(text: string | undefined): number | undefined {
  return text !== undefined && /^\d+\s*$/.test(text) ? Number(text) : undefined;
}

/** Lines of a word and a number. */
function toTable(text: string | undefined): Record<string, number> {
  return Object.fromEntries(
    [...(text ?? "").matchAll(/^(\w+) (\d+)$/gm)].map(([, key = "", value]) => [key, Number(value)]),
  );
}

/** Undefined when the group is gone, or has no such file. */
function readText(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
}
