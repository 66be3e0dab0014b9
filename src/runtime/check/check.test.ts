import { expect, test } from "bun:test";
import type { ContainerConfig } from "../../wire/container.ts";
import type { HostConfig } from "../../wire/host-config.ts";
import type { Host } from "../host.ts";
import { namesOfMask } from "../spec/capabilities.ts";
import { CONFIG, HOST_CONFIG } from "../test-config.ts";
import { checkHostConfig } from "./check.ts";

const HOST: Host = {
  kernel: [6, 1],
  arch: "amd64",
  cgroups: { v1: new Map(), v2: "/sys/fs/cgroup" },
  isCgroupV2: false,
  onlineCpus: new Set([0, 1]),
  onlineNodes: new Set([0]),
  capabilities: namesOfMask("1ffffffffff"),
  limitsSwap: true,
  weighsBlockIo: false,
  protectsBelow: true,
  thermalPaths: [],
};
const MIB = 1024 * 1024;

const check = (hostConfig: Partial<HostConfig>, config: Partial<ContainerConfig> = {}, host: Partial<Host> = {}) =>
  checkHostConfig({ ...CONFIG, ...config }, { ...HOST_CONFIG, ...hostConfig }, { ...HOST, ...host });

/** Messages of Docker 28.5 for the same requests. */
test.each<[Partial<HostConfig>, string]>([
  [{ Memory: 1000 }, "Minimum memory limit allowed is 6MB"],
  [{ Memory: -5 }, "Minimum memory limit allowed is 6MB"],
  [{ MemorySwap: 64 * MIB }, "You should always set the Memory limit when using Memoryswap limit, see usage"],
  [
    { Memory: 64 * MIB, MemorySwap: 32 * MIB },
    "Minimum memoryswap limit should be larger than memory limit, see usage",
  ],
  [{ MemorySwappiness: 101 }, "Invalid value: 101, valid memory swappiness range is 0-100"],
  [{ MemoryReservation: 100 }, "Minimum memory reservation allowed is 6MB"],
  [
    { Memory: 64 * MIB, MemoryReservation: 128 * MIB },
    "Minimum memory limit can not be less than memory reservation limit, see usage",
  ],
  [{ NanoCpus: 1e9, CpuPeriod: 100_000 }, "Conflicting options: Nano CPUs and CPU Period cannot both be set"],
  [{ NanoCpus: 1e9, CpuQuota: 100_000 }, "Conflicting options: Nano CPUs and CPU Quota cannot both be set"],
  [{ NanoCpus: 1e12 }, "range of CPUs is from 0.01 to 2.00, as there are only 2 CPUs available"],
  [{ NanoCpus: -1 }, "range of CPUs is from 0.01 to 2.00, as there are only 2 CPUs available"],
  [{ CpuPeriod: 10 }, "CPU cfs period can not be less than 1ms (i.e. 1000) or larger than 1s (i.e. 1000000)"],
  [{ CpuQuota: 10 }, "CPU cfs quota can not be less than 1ms (i.e. 1000)"],
  [{ CpuShares: -1 }, "invalid CPU shares (-1): value must be a positive integer"],
  [{ CpusetCpus: "x" }, "Invalid value x for cpuset cpus: invalid format: x"],
  [{ CpusetCpus: "0-9" }, "Requested CPUs are not available - requested 0-9, available: 0-1"],
  [{ CpusetMems: "5" }, "Requested memory nodes are not available - requested 5, available: 0"],
  [{ OomScoreAdj: 2000 }, "Invalid value 2000, range for oom score adj is [-1000, 1000]"],
  [{ ShmSize: -1 }, "SHM size can not be less than 0"],
  [{ IpcMode: "x" }, "invalid IPC mode: x"],
  [{ IpcMode: "container" }, "invalid IPC mode: container"],
  [{ PidMode: "container:" }, "invalid PID mode: container:"],
  [{ UTSMode: "x" }, "invalid UTS mode: x"],
  [{ Isolation: "foo" }, "invalid isolation (foo): linux only supports 'default'"],
  [{ CapAdd: ["NOSUCH"] }, 'invalid CapAdd: unknown capability: "CAP_NOSUCH"'],
  [{ SecurityOpt: ["nosuch"] }, 'invalid --security-opt 1: "nosuch"'],
  [{ SecurityOpt: ["seccomp={"] }, "Decoding seccomp profile failed: "],
  [{ Ulimits: [{ Name: "nosuch", Soft: 1, Hard: 1 }] }, "wrong rlimit value: RLIMIT_NOSUCH"],
  [{ Annotations: { "": "x" } }, "invalid Annotations: the empty string is not permitted as an annotation key"],
])("%j is refused", (hostConfig, message) => {
  expect(() => check(hostConfig)).toThrow(message);
});

test.each<[Partial<ContainerConfig>, string]>([
  [{ WorkingDir: "x" }, "the working directory 'x' is invalid, it needs to be an absolute path"],
  [{ Env: ["A=1", "=x"] }, "invalid environment variable: =x"],
  [{ Env: [""] }, "invalid environment variable: "],
])("%j is refused", (config, message) => {
  expect(() => check({}, config)).toThrow(message);
});

test.each<[Partial<HostConfig>]>([
  [{}],
  [{ Memory: 6 * MIB, MemorySwap: -1, MemorySwappiness: -1, PidsLimit: -5, CpuQuota: -1 }],
  [{ IpcMode: "container:x", PidMode: "container:x", NetworkMode: "container:x" }],
  [{ Ulimits: [{ Name: "core", Soft: -1, Hard: -1 }], CapAdd: ["ALL"], CapDrop: ["ALL"] }],
])("%j is let pass without a warning", (hostConfig) => {
  expect(check(hostConfig).warnings).toEqual([]);
});

test.each<[Partial<HostConfig>, Partial<Host>, string]>([
  [
    { BlkioWeight: 100 },
    {},
    "Your kernel does not support Block I/O weight or the cgroup is not mounted. Weight discarded.",
  ],
  [
    { OomKillDisable: true },
    {},
    "OOM killer is disabled for the container, but no memory limit is set, this can result in the system running out of resources.",
  ],
  [
    { OomKillDisable: true },
    { isCgroupV2: true },
    "Your kernel does not support OomKillDisable. OomKillDisable discarded.",
  ],
  [{ CpuPercent: 5 }, {}, "linux does not support CPU percent. Percent discarded."],
  [
    { Memory: 6 * MIB },
    { limitsSwap: false },
    "Your kernel does not support swap limit capabilities or the cgroup is not mounted. Memory limited without swap.",
  ],
])("%j on %j is warned of", (hostConfig, host, warning) => {
  expect(check(hostConfig, {}, host).warnings).toEqual([warning]);
});

test("what is discarded is not kept, and what the kernel does anyway is written down", () => {
  const wanted: Partial<HostConfig> = {
    BlkioWeight: 100,
    BlkioWeightDevice: [{ Path: "/dev/null", Weight: 100 }],
    MemorySwappiness: -1,
  };
  expect(check(wanted).hostConfig).toMatchObject({
    BlkioWeight: 0,
    BlkioWeightDevice: [],
    MemorySwappiness: null,
    OomKillDisable: false,
  });
  expect(check(wanted, {}, { weighsBlockIo: true }).hostConfig).toMatchObject({ BlkioWeight: 100 });
  const v2 = check({ MemorySwappiness: 50, OomKillDisable: true }, {}, { isCgroupV2: true });
  expect(v2.hostConfig).toMatchObject({ MemorySwappiness: null, OomKillDisable: null });
});
