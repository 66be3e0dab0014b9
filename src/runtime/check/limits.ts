/** Checks of the limits a user asks for, with Docker's refusals and warnings (moby daemon_unix.go verifyPlatformContainerResources). */
import { invalidParameter } from "../../base/errors.ts";
import type { HostConfig, Resources } from "../../wire/host-config.ts";
import { type Host, parseCpuList } from "../host.ts";

const LEAST_MEMORY_BYTES = 6 * 1024 * 1024;
const NANO = 1e9;

export interface Adapted {
  /** Without what this machine cannot do. */
  readonly hostConfig: HostConfig;
  /** Docker's. */
  readonly warnings: string[];
}

/** Throws invalidParameter. */
export function checkLimits(resources: Resources, host: Host): void {
  checkMemory(resources);
  checkCpu(resources, host);
  checkCpuset(resources, host);
}

function checkMemory(resources: Resources): void {
  const { Memory, MemorySwap, MemorySwappiness, MemoryReservation } = resources;
  if (Memory !== 0 && Memory < LEAST_MEMORY_BYTES) throw invalidParameter("Minimum memory limit allowed is 6MB");
  if (Memory > 0 && MemorySwap > 0 && MemorySwap < Memory) {
    throw invalidParameter("Minimum memoryswap limit should be larger than memory limit, see usage");
  }
  if (Memory === 0 && MemorySwap > 0) {
    throw invalidParameter("You should always set the Memory limit when using Memoryswap limit, see usage");
  }
  if (MemorySwappiness !== null && (MemorySwappiness < -1 || MemorySwappiness > 100)) {
    throw invalidParameter(`Invalid value: ${MemorySwappiness}, valid memory swappiness range is 0-100`);
  }
  if (MemoryReservation !== 0 && MemoryReservation < LEAST_MEMORY_BYTES) {
    throw invalidParameter("Minimum memory reservation allowed is 6MB");
  }
  if (Memory > 0 && MemoryReservation > 0 && Memory < MemoryReservation) {
    throw invalidParameter("Minimum memory limit can not be less than memory reservation limit, see usage");
  }
}

function checkCpu(resources: Resources, { onlineCpus }: Host): void {
  const { NanoCpus, CpuPeriod, CpuQuota, CpuShares } = resources;
  if (NanoCpus > 0 && CpuPeriod > 0) {
    throw invalidParameter("Conflicting options: Nano CPUs and CPU Period cannot both be set");
  }
  if (NanoCpus > 0 && CpuQuota > 0) {
    throw invalidParameter("Conflicting options: Nano CPUs and CPU Quota cannot both be set");
  }
  const cpus = onlineCpus.size;
  if (NanoCpus < 0 || NanoCpus > cpus * NANO) {
    throw invalidParameter(`range of CPUs is from 0.01 to ${cpus}.00, as there are only ${cpus} CPUs available`);
  }
  if (CpuShares < 0) throw invalidParameter(`invalid CPU shares (${CpuShares}): value must be a positive integer`);
  if (CpuPeriod !== 0 && (CpuPeriod < 1000 || CpuPeriod > 1_000_000)) {
    throw invalidParameter("CPU cfs period can not be less than 1ms (i.e. 1000) or larger than 1s (i.e. 1000000)");
  }
  if (CpuQuota > 0 && CpuQuota < 1000) throw invalidParameter("CPU cfs quota can not be less than 1ms (i.e. 1000)");
}

function checkCpuset({ CpusetCpus, CpusetMems }: Resources, { onlineCpus, onlineNodes }: Host): void {
  checkSet(CpusetCpus, onlineCpus, { field: "cpuset cpus", things: "CPUs" });
  checkSet(CpusetMems, onlineNodes, { field: "cpuset mems", things: "memory nodes" });
}

function checkSet(
  wanted: string,
  online: ReadonlySet<number>,
  { field, things }: { field: string; things: string },
): void {
  const numbers = parseCpuList(wanted);
  if (numbers === undefined) throw invalidParameter(`Invalid value ${wanted} for ${field}: invalid format: ${wanted}`);
  if (numbers.every((number) => online.has(number))) return;
  throw invalidParameter(`Requested ${things} are not available - requested ${wanted}, available: ${toRanges(online)}`);
}

/** "0-2,5" of the numbers 0, 1, 2 and 5. */
function toRanges(numbers: ReadonlySet<number>): string {
  const sorted = [...numbers].sort((a, b) => a - b);
  const ranges: [first: number, last: number][] = [];
  for (const number of sorted) {
    const range = ranges.at(-1);
    if (range !== undefined && range[1] === number - 1) range[1] = number;
    else ranges.push([number, number]);
  }
  return ranges.map(([first, last]) => (first === last ? `${first}` : `${first}-${last}`)).join(",");
}

function warnings(resources: Resources, host: Host): string[] {
  const { Memory, MemorySwap, MemorySwappiness, OomKillDisable, BlkioWeight, BlkioWeightDevice, CpuPercent } =
    resources;
  const unsupported = (what: string, consequence: string): string =>
    `Your kernel does not support ${what} or the cgroup is not mounted. ${consequence}`;
  const swaps = Memory > 0 && MemorySwap !== -1;
  const swappiness = MemorySwappiness !== null && MemorySwappiness !== -1;
  return [
    ...when(swaps && !host.limitsSwap, unsupported("swap limit capabilities", "Memory limited without swap.")),
    ...when(
      swappiness && host.isCgroupV2,
      unsupported("memory swappiness capabilities", "Memory swappiness discarded."),
    ),
    ...when(
      OomKillDisable === true && host.isCgroupV2,
      "Your kernel does not support OomKillDisable. OomKillDisable discarded.",
    ),
    ...when(
      OomKillDisable === true && !host.isCgroupV2 && Memory === 0,
      "OOM killer is disabled for the container, but no memory limit is set, this can result in the system running out of resources.",
    ),
    ...when(BlkioWeight > 0 && !host.weighsBlockIo, unsupported("Block I/O weight", "Weight discarded.")),
    ...when(
      (BlkioWeightDevice ?? []).length > 0 && !host.weighsBlockIo,
      unsupported("Block I/O weight_device", "Weight-device discarded."),
    ),
    ...when(CpuPercent > 0, "linux does not support CPU percent. Percent discarded."),
  ];
}

/** Without what is warned of as discarded, and with the kernel's own ways written down as Docker does. Refuses nothing. */
export function adaptLimits(wanted: HostConfig, host: Host): Adapted {
  const { MemorySwappiness, OomKillDisable, BlkioWeightDevice } = wanted;
  const { isCgroupV2, weighsBlockIo } = host;
  const hostConfig: HostConfig = {
    ...wanted,
    MemorySwappiness: isCgroupV2 || MemorySwappiness === -1 ? null : MemorySwappiness,
    OomKillDisable: isCgroupV2 ? null : (OomKillDisable ?? false),
    ...(weighsBlockIo ? {} : { BlkioWeight: 0, BlkioWeightDevice: BlkioWeightDevice === null ? null : [] }),
  };
  return { hostConfig, warnings: warnings(wanted, host) };
}

const when = (condition: boolean, warning: string): string[] => (condition ? [warning] : []);
