import { expect, test } from "bun:test";
import { decodeContainerCreate } from "../decode/container-create.ts";
import { validateCreate, validateUpdate } from "./create.ts";
import type { HostLimits } from "./resources.ts";

const HOST: HostLimits = { cpus: 2, cpusetCpus: "0-1", cpusetMems: "0" };
const validate = (body: Record<string, unknown>): string[] =>
  validateCreate(decodeContainerCreate({ Image: "busybox", ...body }), HOST);
const validateHost = (host: Record<string, unknown>): string[] => validate({ HostConfig: host });

// Unless a row says otherwise, its message is that of Docker 28.5.2.
test.each([
  [
    "an unknown restart policy",
    { RestartPolicy: { Name: "foo" } },
    "invalid restart policy: unknown policy 'foo'; use one of 'no', 'always', 'on-failure', or 'unless-stopped'",
  ],
  [
    "a retry count for always",
    { RestartPolicy: { Name: "always", MaximumRetryCount: 3 } },
    "invalid restart policy: maximum retry count can only be used with 'on-failure'",
  ],
  [
    "a negative count without use",
    { RestartPolicy: { Name: "unless-stopped", MaximumRetryCount: -1 } },
    "invalid restart policy: maximum retry count can only be used with 'on-failure' and cannot be negative",
  ],
  [
    "a negative count",
    { RestartPolicy: { Name: "on-failure", MaximumRetryCount: -1 } },
    "invalid restart policy: maximum retry count cannot be negative",
  ],
  [
    "removal and restart at once",
    { RestartPolicy: { Name: "always" }, AutoRemove: true },
    "can't create 'AutoRemove' container with restart policy",
  ],
  ["hardly any memory", { Memory: 1000 }, "Minimum memory limit allowed is 6MB"],
  ["negative memory", { Memory: -5 }, "Minimum memory limit allowed is 6MB"],
  [
    "less swap than memory",
    { Memory: 100_000_000, MemorySwap: 50_000_000 },
    "Minimum memoryswap limit should be larger than memory limit, see usage",
  ],
  [
    "swap without memory",
    { MemorySwap: 50_000_000 },
    "You should always set the Memory limit when using Memoryswap limit, see usage",
  ],
  ["hardly any reservation", { MemoryReservation: 1000 }, "Minimum memory reservation allowed is 6MB"],
  [
    "more reserved than allowed",
    { Memory: 100_000_000, MemoryReservation: 200_000_000 },
    "Minimum memory limit can not be less than memory reservation limit, see usage",
  ],
  ["too much swappiness", { MemorySwappiness: 101 }, "Invalid value: 101, valid memory swappiness range is 0-100"],
  ["negative CPU shares", { CpuShares: -1 }, "invalid CPU shares (-1): value must be a positive integer"],
  [
    "more CPUs than there are",
    { NanoCpus: 5e9 },
    "range of CPUs is from 0.01 to 2.00, as there are only 2 CPUs available",
  ],
  [
    "CPUs and a period",
    { NanoCpus: 1e9, CpuPeriod: 100_000 },
    "Conflicting options: Nano CPUs and CPU Period cannot both be set",
  ],
  [
    "CPUs and a quota",
    { NanoCpus: 1e9, CpuQuota: 100_000 },
    "Conflicting options: Nano CPUs and CPU Quota cannot both be set",
  ],
  [
    "a short period",
    { CpuPeriod: 10 },
    "CPU cfs period can not be less than 1ms (i.e. 1000) or larger than 1s (i.e. 1000000)",
  ],
  ["a small quota", { CpuQuota: 10 }, "CPU cfs quota can not be less than 1ms (i.e. 1000)"],
  [
    "CPUs that are not there",
    { CpusetCpus: "0-7" },
    "Requested CPUs are not available - requested 0-7, available: 0-1",
  ],
  ["a malformed CPU list", { CpusetCpus: "abc" }, "Invalid value abc for cpuset cpus: invalid format: abc"],
  [
    "memory nodes that are not there",
    { CpusetMems: "0-3" },
    "Requested memory nodes are not available - requested 0-3, available: 0",
  ],
  [
    "an oom score beyond the kernel's",
    { OomScoreAdj: 2000 },
    "Invalid value 2000, range for oom score adj is [-1000, 1000]",
  ],
  [
    "Windows' limits of I/O",
    { IOMaximumIOps: 5 },
    "invalid option: QoS maximum IOPs configuration is not supported on linux",
  ],
  ["a negative /dev/shm", { ShmSize: -1 }, "SHM size can not be less than 0"],
  ["Windows' isolation", { Isolation: "hyperv" }, "invalid isolation (hyperv): linux only supports 'default'"],
  [
    "links on the host's network",
    { NetworkMode: "host", Links: ["a:b"] },
    "conflicting options: host type networking can't be used with links. This would result in undefined behavior",
  ],
  [
    "nobody's network",
    { NetworkMode: "container:" },
    "invalid network mode: invalid container format container:<name|id>",
  ],
  [
    "links on another's network",
    { NetworkMode: "container:x", Links: ["a"] },
    "conflicting options: container type network can't be used with links. This would result in undefined behavior",
  ],
  [
    "resolvers on another's network",
    { NetworkMode: "container:x", Dns: ["1.1.1.1"] },
    "conflicting options: dns and the network mode",
  ],
  [
    "hosts on another's network",
    { NetworkMode: "container:x", ExtraHosts: ["a:1.1.1.1"] },
    "conflicting options: custom host-to-IP mapping and the network mode",
  ],
  [
    "ports on another's network",
    { NetworkMode: "container:x", PublishAllPorts: true },
    "conflicting options: port publishing and the container type network mode",
  ],
  ["an unknown UTS mode", { UTSMode: "foo" }, "invalid UTS mode: foo"],
  ["nobody's processes", { PidMode: "container:" }, "invalid PID mode: container:"],
  ["an unknown IPC mode", { IpcMode: "foo" }, "invalid IPC mode: foo"],
  ["an unknown cgroup mode", { CgroupnsMode: "foo" }, "invalid cgroup namespace mode: foo"],
  ["a host without address", { ExtraHosts: ["abc"] }, 'bad format for add-host: "abc"'],
  ["a host with a bad address", { ExtraHosts: ["a:b"] }, 'invalid IP address in add-host: "b"'],
  [
    "a host that smuggles a line (ours)",
    { ExtraHosts: ["a:1.2.3.4\n6.6.6.6 bank"] },
    'invalid IP address in add-host: "1.2.3.4\\n6.6.6.6 bank"',
  ],
  ["a port of words", { PortBindings: { abc: [{}] } }, 'invalid port specification: "abc"'],
  ["a port too high", { PortBindings: { "70000/tcp": [{ HostPort: "80" }] } }, 'invalid port specification: "70000"'],
  [
    "a host port too high",
    { PortBindings: { "80/tcp": [{ HostPort: "70000" }] } },
    'invalid port specification: "70000"',
  ],
  [
    "a range that runs backwards",
    { PortBindings: { "80": [{ HostPort: "9-5" }] } },
    'invalid port specification: "9-5"',
  ],
  ["an unknown capability", { CapAdd: ["FOO"] }, 'invalid CapAdd: unknown capability: "CAP_FOO"'],
  ["an unknown capability to drop", { CapDrop: [""] }, 'invalid CapDrop: unknown capability: "CAP_"'],
  ["a security option without value", { SecurityOpt: ["foo"] }, 'invalid --security-opt 1: "foo"'],
  ["an unknown security option", { SecurityOpt: ["foo=bar"] }, 'invalid --security-opt 2: "foo=bar"'],
  [
    "a security option that is neither",
    { SecurityOpt: ["no-new-privileges=x"] },
    'invalid --security-opt 2: "no-new-privileges=x"',
  ],
  [
    "an unknown log driver",
    { LogConfig: { Type: "foo" } },
    'error looking up logging plugin foo: plugin "foo" not found',
  ],
  ["an unknown log option", { LogConfig: { Config: { a: "b" } } }, "unknown log opt 'a' for json-file log driver"],
  [
    "an unknown option of local",
    { LogConfig: { Type: "local", Config: { a: "b" } } },
    "unknown log opt 'a' for log driver local",
  ],
  ["an unknown log mode", { LogConfig: { Config: { mode: "foo" } } }, "logger: logging mode not supported: foo"],
  [
    "a buffer that nothing uses",
    { LogConfig: { Config: { mode: "blocking", "max-buffer-size": "1m" } } },
    "logger: max-buffer-size option is only supported with 'mode=non-blocking'",
  ],
  [
    "a buffer of no size",
    { LogConfig: { Config: { mode: "non-blocking", "max-buffer-size": "x" } } },
    "error parsing option max-buffer-size: invalid size: 'x'",
  ],
  [
    "an annotation without name",
    { Annotations: { "": "b" } },
    "invalid Annotations: the empty string is not permitted as an annotation key",
  ],
  [
    "an unknown limit (Docker: at the start)",
    { Ulimits: [{ Name: "foo", Soft: 1, Hard: 2 }] },
    "invalid ulimit type: foo",
  ],
  [
    "a soft limit above the hard one (Docker: at the start)",
    { Ulimits: [{ Name: "nofile", Soft: 5, Hard: 2 }] },
    "ulimit soft limit must be less than or equal to hard limit: 5 > 2",
  ],
])("validateCreate() refuses %s", (_what, host, message) => {
  expect(() => validateHost(host)).toThrow(new Error(message));
});

test.each([
  ["a variable without name", { Env: ["=a"] }, "invalid environment variable: =a"],
  ["a variable without anything", { Env: [""] }, "invalid environment variable: "],
  [
    "a relative directory",
    { WorkingDir: "a/b" },
    "the working directory 'a/b' is invalid, it needs to be an absolute path",
  ],
  ["an unknown signal", { StopSignal: "FOO" }, "invalid signal: FOO"],
  ["signal 0", { StopSignal: "0" }, "invalid signal: 0"],
  ["a breathless health check", { Healthcheck: { Interval: 5 } }, "Interval in Healthcheck cannot be less than 1ms"],
  ["a negative time-out", { Healthcheck: { Timeout: -1 } }, "Timeout in Healthcheck cannot be less than 1ms"],
  ["a short start", { Healthcheck: { StartPeriod: 5 } }, "StartPeriod in Healthcheck cannot be less than 1ms"],
  ["negative retries", { Healthcheck: { Retries: -1 } }, "Retries in Healthcheck cannot be negative"],
  [
    "a hostname beside another's network",
    { Hostname: "a", HostConfig: { NetworkMode: "container:x" } },
    "conflicting options: hostname and the network mode",
  ],
  [
    "a hostname beside the host's",
    { Hostname: "a", HostConfig: { UTSMode: "host" } },
    "conflicting options: hostname and the UTS mode",
  ],
  [
    "ports exposed on another's network",
    { ExposedPorts: { "80/tcp": {} }, HostConfig: { NetworkMode: "container:x" } },
    "conflicting options: port exposing and the container type network mode",
  ],
  ["an exposed port of words (Docker: never)", { ExposedPorts: { abc: {} } }, 'invalid port specification: "abc"'],
  [
    "an address that is none",
    { NetworkingConfig: { EndpointsConfig: { bridge: { MacAddress: "x" } } } },
    "invalid config for network bridge: invalid MAC address x",
  ],
  ["a hostname that smuggles a line (ours)", { Hostname: "a\n1.1.1.1 b" }, "invalid hostname format: a\n1.1.1.1 b"],
  [
    "a hostname too long for the kernel (ours)",
    { Hostname: "a".repeat(65) },
    `invalid hostname format: ${"a".repeat(65)}`,
  ],
  ["a command that ends at a NUL (ours)", { Cmd: ["a\0b"] }, 'invalid argument: "a\\u0000b" contains a NUL character'],
])("validateCreate() refuses %s", (_what, body, message) => {
  expect(() => validate(body)).toThrow(new Error(message));
});

test("validateCreate() has nothing against what a working day brings", () => {
  const warnings = validate({
    Hostname: "web-1",
    Env: ["A=b", "UNSET"],
    StopSignal: "SIGRTMIN+3",
    Healthcheck: { Test: ["CMD", "true"], Interval: 1_000_000 },
    NetworkingConfig: { EndpointsConfig: { bridge: { MacAddress: "02:42:ac:11:00:02" } } },
    HostConfig: {
      Binds: ["/tmp:/data:ro,rslave", "cache:/cache:nocopy", "/anonymous"],
      Tmpfs: { "/run": "size=1m" },
      PortBindings: {
        "80/tcp": [{ HostPort: "8080" }],
        "53/udp": null,
        "9000": [{ HostIp: "::1", HostPort: "9000-9010" }],
      },
      ExtraHosts: ["a:1.2.3.4", "b:::1", "c:host-gateway"],
      CapAdd: ["ALL", "net_admin", "CAP_SYS_PTRACE"],
      SecurityOpt: ["no-new-privileges", "seccomp=unconfined", "label=user:a"],
      Ulimits: [{ Name: "nofile", Soft: -1, Hard: -1 }],
      LogConfig: { Type: "local", Config: { "max-size": "10m", "max-file": "3" } },
      Memory: 6 * 1024 * 1024,
      MemorySwap: -1,
      NanoCpus: 1_500_000_000,
      CpusetCpus: "0,1",
      IpcMode: "container:x",
      PidMode: "host",
    },
  });
  expect(warnings).toEqual([]);
});

test("validateCreate() warns of what has no effect", () => {
  expect(validateHost({ NetworkMode: "host", PortBindings: { "80/tcp": [{ HostPort: "8080" }] } })).toEqual([
    "Published ports are discarded when using host network mode",
  ]);
});

test("validateCreate() does not check limits of a host it knows nothing about", () => {
  const request = decodeContainerCreate({ Image: "x", HostConfig: { NanoCpus: 64e9, CpusetCpus: "0-63" } });
  expect(validateCreate(request)).toEqual([]);
});

test("validateUpdate() checks only what is named", () => {
  expect(() => validateUpdate({ CpuShares: 5, RestartPolicy: { Name: "", MaximumRetryCount: 1 } })).not.toThrow();
  expect(() => validateUpdate({ Memory: 0, MemorySwap: 64 * 1024 * 1024 })).not.toThrow();
  expect(() => validateUpdate({ Memory: 5 })).toThrow("Minimum memory limit allowed is 6MB");
  expect(() => validateUpdate({ RestartPolicy: { Name: "always", MaximumRetryCount: 1 } })).toThrow(
    "invalid restart policy: maximum retry count can only be used with 'on-failure'",
  );
});
