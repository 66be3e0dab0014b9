/** Limits of memory, CPU, I/O and processes (moby v28 daemon/daemon_unix.go, verifyPlatformContainerResources). */
import { invalidParameter } from "../../base/errors.ts";
import type { Resources, Ulimit } from "../host-config.ts";
import { parseCpuset } from "./cpuset.ts";

/** What the machine has; what is not told is not checked. */
export interface HostLimits {
  readonly cpus?: number;
  /** Lists as in cpuset(7). */
  readonly cpusetCpus?: string;
  readonly cpusetMems?: string;
}

const MIN_MEMORY = 6 * 1024 * 1024;
/** getrlimit(2), without the prefix. */
const ULIMIT_NAMES = new Set(
  `as core cpu data fsize locks memlock msgqueue nice nofile nproc rss rtprio rttime sigpending stack`.split(" "),
);

/** Absent limits are those that an update leaves alone. */
export function checkResources(limits: Partial<Resources>, host: HostLimits): void {
  checkMemory(limits);
  checkCpu(limits, host);
  checkCpusets(limits, host);
  for (const ulimit of limits.Ulimits ?? []) checkUlimit(ulimit);
  if (limits.IOMaximumIOps) throw unsupportedQos("IOPs");
  if (limits.IOMaximumBandwidth) throw unsupportedQos("bandwidth");
}

/** Of a container that is new: an update may leave the memory limit as it is. */
export function checkSwap({ Memory, MemorySwap }: Resources): void {
  if (Memory === 0 && MemorySwap > 0) {
    throw invalidParameter("You should always set the Memory limit when using Memoryswap limit, see usage");
  }
}

function checkMemory(limits: Partial<Resources>): void {
  const { Memory: memory = 0, MemorySwap: swap = 0, MemoryReservation: reservation = 0 } = limits;
  const swappiness = limits.MemorySwappiness ?? -1;
  if (memory !== 0 && memory < MIN_MEMORY) throw invalidParameter("Minimum memory limit allowed is 6MB");
  if (memory > 0 && swap > 0 && swap < memory) {
    throw invalidParameter("Minimum memoryswap limit should be larger than memory limit, see usage");
  }
  if (swappiness < -1 || swappiness > 100) {
    throw invalidParameter(`Invalid value: ${swappiness}, valid memory swappiness range is 0-100`);
  }
  if (reservation !== 0 && reservation < MIN_MEMORY) {
    throw invalidParameter("Minimum memory reservation allowed is 6MB");
  }
  if (memory > 0 && reservation > 0 && memory < reservation) {
    throw invalidParameter("Minimum memory limit can not be less than memory reservation limit, see usage");
  }
}

function checkCpu(limits: Partial<Resources>, { cpus }: HostLimits): void {
  const { NanoCpus: nano = 0, CpuPeriod: period = 0, CpuQuota: quota = 0, CpuShares: shares = 0 } = limits;
  if (nano !== 0 && period !== 0) {
    throw invalidParameter("Conflicting options: Nano CPUs and CPU Period cannot both be set");
  }
  if (nano !== 0 && quota !== 0) {
    throw invalidParameter("Conflicting options: Nano CPUs and CPU Quota cannot both be set");
  }
  if (nano < 0 || nano > (cpus ?? Number.POSITIVE_INFINITY) * 1e9) throw invalidCpuCount(cpus);
  if (shares < 0) throw invalidParameter(`invalid CPU shares (${shares}): value must be a positive integer`);
  if (period !== 0 && (period < 1000 || period > 1_000_000)) {
    throw invalidParameter("CPU cfs period can not be less than 1ms (i.e. 1000) or larger than 1s (i.e. 1000000)");
  }
  if (quota > 0 && quota < 1000) throw invalidParameter("CPU cfs quota can not be less than 1ms (i.e. 1000)");
}

function invalidCpuCount(cpus: number | undefined): Error {
  if (cpus === undefined) return invalidParameter("range of CPUs is from 0.01");
  return invalidParameter(`range of CPUs is from 0.01 to ${cpus.toFixed(2)}, as there are only ${cpus} CPUs available`);
}

function checkCpusets(limits: Partial<Resources>, host: HostLimits): void {
  checkCpuset({ wanted: limits.CpusetCpus ?? "", available: host.cpusetCpus, field: "cpus", noun: "CPUs" });
  checkCpuset({ wanted: limits.CpusetMems ?? "", available: host.cpusetMems, field: "mems", noun: "memory nodes" });
}

interface CpusetCheck {
  readonly wanted: string;
  readonly available: string | undefined;
  readonly field: string;
  readonly noun: string;
}

function checkCpuset({ wanted, available, field, noun }: CpusetCheck): void {
  const numbers = parseCpuset(wanted);
  if (numbers === undefined) {
    throw invalidParameter(`Invalid value ${wanted} for cpuset ${field}: invalid format: ${wanted}`);
  }
  const present = available === undefined ? undefined : parseCpuset(available);
  if (present !== undefined && ![...numbers].every((number) => present.has(number))) {
    throw invalidParameter(`Requested ${noun} are not available - requested ${wanted}, available: ${available}`);
  }
}

/** -1 is without limit. */
function checkUlimit({ Name: name, Soft: soft, Hard: hard }: Ulimit): void {
  if (!ULIMIT_NAMES.has(name)) throw invalidParameter(`invalid ulimit type: ${name}`);
  if (hard !== -1 && (soft === -1 || soft > hard)) {
    throw invalidParameter(`ulimit soft limit must be less than or equal to hard limit: ${soft} > ${hard}`);
  }
}

function unsupportedQos(what: string): Error {
  return invalidParameter(`invalid option: QoS maximum ${what} configuration is not supported on linux`);
}
