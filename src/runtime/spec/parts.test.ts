import { expect, test } from "bun:test";
import type { HostConfig } from "../../wire/host-config.ts";
import { HOST_CONFIG } from "../test-lab.ts";
import { cgroupPath } from "./container-spec.ts";
import { splitDevice } from "./device-node.ts";
import { parseRule, toDevices } from "./devices.ts";
import { toEnvironment } from "./environment.ts";
import { toMounts } from "./mounts.ts";
import { toNamespaces } from "./namespaces.ts";
import { protectedPaths } from "./protected-paths.ts";
import { toResources } from "./resources.ts";
import { toRlimits } from "./rlimits.ts";
import { parseSecurityOptions } from "./security-options.ts";
import { checkSysctls, toSysctls } from "./sysctls.ts";
import { userMounts } from "./user-mounts.ts";

const config = (changes: Partial<HostConfig>): HostConfig => ({ ...HOST_CONFIG, ...changes });

test.each<[string, Partial<HostConfig>, { netnsPath?: string; joinPid?: object }, string]>([
  ["all its own, the network by path", {}, { netnsPath: "/n" }, "mount pid ipc network=/n uts cgroup"],
  ["an empty network without a path", {}, {}, "mount pid ipc network uts cgroup"],
  [
    "none that the host's are asked for",
    { PidMode: "host", IpcMode: "host", UTSMode: "host", NetworkMode: "host", CgroupnsMode: "host" },
    {},
    "mount",
  ],
  [
    "those of other containers",
    { PidMode: "container:a", IpcMode: "container:b", NetworkMode: "container:c" },
    { joinPid: { pid: 7, ipc: 8, network: 9 } },
    "mount pid=/proc/7/ns/pid ipc=/proc/8/ns/ipc network=/proc/9/ns/net uts cgroup",
  ],
])("toNamespaces(): %s", (_sentence, changes, { netnsPath, joinPid = {} }, expected) => {
  const namespaces = toNamespaces({ hostConfig: config(changes), netnsPath, joinPid });
  expect(namespaces.map(({ type, path }) => (path === undefined ? type : `${type}=${path}`)).join(" ")).toBe(expected);
});

const mountsOf = (changes: Partial<HostConfig>, more: { sharedMemory?: string; initPath?: string } = {}) => {
  const hostConfig = config(changes);
  return toMounts({
    hostConfig,
    mounts: userMounts(hostConfig),
    etc: { hosts: "/h", resolvConf: "/r", hostname: "/n" },
    sharedMemory: more.sharedMemory,
    initPath: more.initPath,
    canProtectBelow: true,
  });
};
const optionsAt = (destination: string, changes: Partial<HostConfig>) =>
  mountsOf(changes).find((mount) => mount.destination === destination)?.options;

test("toMounts() has the kernel's file systems first and the network files last", () => {
  expect(mountsOf({ Binds: ["/a:/b"] }).map(({ destination }) => destination)).toEqual([
    "/proc",
    "/dev",
    "/dev/pts",
    "/sys",
    "/sys/fs/cgroup",
    "/dev/mqueue",
    "/dev/shm",
    "/b",
    "/etc/resolv.conf",
    "/etc/hostname",
    "/etc/hosts",
  ]);
});

test("toMounts() gives way to the user's own mounts, with all that lies in them", () => {
  const found = mountsOf({ Binds: ["/dev:/dev", "/h2:/etc/hosts"] }).map(({ destination, source }) => [
    destination,
    source,
  ]);
  expect(found.filter(([destination]) => destination?.startsWith("/dev"))).toEqual([["/dev", "/dev"]]);
  expect(found.filter(([destination]) => destination === "/etc/hosts")).toEqual([["/etc/hosts", "/h2"]]);
});

test.each<[string, Partial<HostConfig>, boolean]>([
  ["/sys", {}, true],
  ["/sys", { Privileged: true }, false],
  ["/sys", { Privileged: true, ReadonlyRootfs: true }, true],
  ["/sys/fs/cgroup", {}, true],
  ["/sys/fs/cgroup", { Privileged: true }, false],
  ["/sys/fs/cgroup", { SecurityOpt: ["writable-cgroups=true"] }, false],
  ["/etc/hosts", {}, false],
  ["/etc/hosts", { ReadonlyRootfs: true }, true],
])("%s with %j is read-only: %p", (destination, changes, isReadOnly) => {
  expect(optionsAt(destination, changes)?.includes("ro")).toBe(isReadOnly);
});

test.each<[Partial<HostConfig>, string[]]>([
  [{ Binds: ["/s:/d"] }, ["rbind", "rprivate"]],
  [{ Binds: ["/s:/d:ro,shared"] }, ["rbind", "rro", "shared"]],
  [
    {
      Mounts: [
        { Type: "bind", Source: "/s", Target: "/d", ReadOnly: true, BindOptions: { ReadOnlyNonRecursive: true } },
      ],
    },
    ["rbind", "ro", "rprivate"],
  ],
  [
    { Mounts: [{ Type: "bind", Source: "/s", Target: "/d", ReadOnly: true, BindOptions: { NonRecursive: true } }] },
    ["bind", "ro", "rprivate"],
  ],
])("a bind of %j is mounted with %j", (changes, options) => {
  expect(optionsAt("/d", changes)).toEqual(options);
});

test.each<[string, string | undefined, string | undefined]>([
  ["private", undefined, "tmpfs shm"],
  ["none", undefined, undefined],
  ["host", undefined, "bind /dev/shm"],
  ["shareable", "/run/shm", "bind /run/shm"],
])("/dev/shm with --ipc %s", (IpcMode, sharedMemory, expected) => {
  const found = mountsOf({ IpcMode }, sharedMemory === undefined ? {} : { sharedMemory });
  const shm = found.find(({ destination }) => destination === "/dev/shm");
  expect(shm === undefined ? undefined : `${shm.type} ${shm.source}`).toBe(expected);
});

const V1 = { isCgroupV2: false, limitsSwap: true, weighsBlockIo: true };
const V2 = { ...V1, isCgroupV2: true };

test.each<[string, Partial<HostConfig>, object]>([
  ["nothing", {}, {}],
  ["swap is twice the memory when left out", { Memory: 100 }, { memory: { limit: 100, swap: 200 } }],
  ["swap may be unlimited", { Memory: 100, MemorySwap: -1 }, { memory: { limit: 100, swap: -1 } }],
  ["swap as asked", { Memory: 100, MemorySwap: 100 }, { memory: { limit: 100, swap: 100 } }],
  ["CPUs are a quota", { NanoCpus: 1_500_000_000 }, { cpu: { quota: 150_000, period: 100_000 } }],
  ["a quota as it is", { CpuQuota: 5000, CpuPeriod: 10_000 }, { cpu: { quota: 5000, period: 10_000 } }],
  ["an unlimited quota", { CpuQuota: -1 }, { cpu: { quota: -1 } }],
  [
    "shares and sets",
    { CpuShares: 512, CpusetCpus: "0", CpusetMems: "0" },
    { cpu: { shares: 512, cpus: "0", mems: "0" } },
  ],
  ["no limit on processes", { PidsLimit: -1 }, {}],
  ["a limit on processes", { PidsLimit: 5 }, { pids: { limit: 5 } }],
  [
    "swappiness and the OOM killer",
    { MemorySwappiness: 0, OomKillDisable: true },
    { memory: { swappiness: 0, disableOOMKiller: true } },
  ],
  ["a weight", { BlkioWeight: 100 }, { blockIO: { weight: 100 } }],
])("toResources(): %s", (_sentence, changes, expected) => {
  expect(toResources(config(changes), V1)).toEqual(expected);
});

test("toResources() leaves out what the machine cannot do", () => {
  const wanted = config({ Memory: 100, MemorySwappiness: 5, OomKillDisable: true, BlkioWeight: 100 });
  expect(toResources(wanted, V2)).toEqual({ memory: { limit: 100, swap: 200 }, blockIO: { weight: 100 } });
  expect(toResources(wanted, { ...V2, limitsSwap: false, weighsBlockIo: false })).toEqual({ memory: { limit: 100 } });
});

test("toResources() turns device paths into numbers, and says which is missing", () => {
  const limits = config({ BlkioDeviceReadBps: [{ Path: "/dev/null", Rate: 5 }] });
  expect(toResources(limits, V1)).toEqual({ blockIO: { throttleReadBpsDevice: [{ major: 1, minor: 3, rate: 5 }] } });
  const missing = config({ BlkioDeviceReadBps: [{ Path: "/dev/nosuch", Rate: 5 }] });
  expect(() => toResources(missing, V1)).toThrow("stat /dev/nosuch: no such file or directory");
});

test("toDevices() maps a device under its new name and lets it be used", () => {
  const Devices = [{ PathOnHost: "/dev/null", PathInContainer: "/dev/x", CgroupPermissions: "r" }];
  const { devices, rules } = toDevices(config({ Devices, DeviceCgroupRules: ["c 10:* rw"] }));
  expect(devices).toEqual([{ path: "/dev/x", type: "c", major: 1, minor: 3, fileMode: 0o666, uid: 0, gid: 0 }]);
  expect(rules).toEqual([
    { allow: false, access: "rwm" },
    { allow: true, type: "c", major: 1, minor: 3, access: "r" },
    { allow: true, type: "c", major: 10, access: "rw" },
  ]);
});

test("toDevices() takes what is in a directory, and follows a link", () => {
  const Devices = [{ PathOnHost: "/dev/net", PathInContainer: "/dev/net2", CgroupPermissions: "rwm" }];
  expect(toDevices(config({ Devices })).devices.map(({ path }) => path)).toEqual(["/dev/net2/tun"]);
});

test("toDevices() gives a privileged container all devices but those that are each container's own", () => {
  const { devices, rules } = toDevices(config({ Privileged: true }));
  const paths = devices.map(({ path }) => path);
  expect(paths).toContain("/dev/null");
  expect(paths.filter((path) => /^\/dev\/(pts\/|shm\/|console$)/.test(path))).toEqual([]);
  expect(rules).toEqual([{ allow: true, access: "rwm" }]);
});

test.each([
  [
    "/dev/nosuch",
    'error gathering device information while adding custom device "/dev/nosuch": no such file or directory',
  ],
  ["/etc/passwd", 'error gathering device information while adding custom device "/etc/passwd": not a device node'],
])("toDevices() refuses %s", (PathOnHost, message) => {
  expect(() =>
    toDevices(config({ Devices: [{ PathOnHost, PathInContainer: "/dev/x", CgroupPermissions: "" }] })),
  ).toThrow(message);
});

test.each(["a", "c 1:3 q", "c 1:3 rwmr", "x 1:3 r", "c 1 r", "c 1:3 "])("parseRule() refuses %p", (rule) => {
  expect(() => parseRule(rule)).toThrow(`invalid device cgroup rule format: '${rule}'`);
});

test.each([
  [0x103, 1, 3],
  [0xfe00, 254, 0],
  [0x10_00ff, 0, 0x1ff],
])("splitDevice(%i) is %i:%i", (rdev, major, minor) => {
  expect(splitDevice(rdev)).toEqual({ major, minor });
});

test.each<[string, Partial<HostConfig>, string]>([
  ["kernel.foo", {}, 'sysctl "kernel.foo" is not in a separate kernel namespace'],
  ["vm.swappiness", {}, 'sysctl "vm.swappiness" is not in a separate kernel namespace'],
  ["", {}, 'sysctl "" is not in a separate kernel namespace'],
  ["kernel.hostname", {}, 'sysctl "kernel.hostname" is not allowed as it conflicts with the OCI "hostname" field'],
  [
    "net.ipv4.ip_forward",
    { NetworkMode: "host" },
    'sysctl "net.ipv4.ip_forward" not allowed in host network namespace',
  ],
  ["kernel.shmmax", { IpcMode: "host" }, 'sysctl "kernel.shmmax" is not allowed in the hosts ipc namespace'],
  [
    "fs/mqueue/msg_max",
    { IpcMode: "container:x" },
    'sysctl "fs/mqueue/msg_max" is not allowed in the hosts ipc namespace',
  ],
])("the sysctl %p with %j is refused", (key, changes, message) => {
  expect(() => checkSysctls(config({ ...changes, Sysctls: { [key]: "1" } }))).toThrow(message);
});

test("sysctls of the container's own namespaces are let pass, in both notations", () => {
  const Sysctls = {
    "net.ipv4.conf.eth0.forwarding": "1",
    "net/core/somaxconn": "1",
    "kernel.shm_rmid_forced": "1",
    "fs.mqueue.msg_max": "9",
  };
  expect(() => checkSysctls(config({ Sysctls }))).not.toThrow();
});

test("toSysctls() opens low ports and ping in the container's own network, and only there", () => {
  expect(Object.keys(toSysctls(config({}), "example.org"))).toEqual([
    "kernel.domainname",
    "net.ipv4.ip_unprivileged_port_start",
    "net.ipv4.ping_group_range",
  ]);
  expect(toSysctls(config({ NetworkMode: "host" }), "")).toEqual({});
  expect(toSysctls(config({ NetworkMode: "container:x" }), "")).toEqual({});
  expect(
    toSysctls(config({ Sysctls: { "net.ipv4.ip_unprivileged_port_start": "5" } }), "")[
      "net.ipv4.ip_unprivileged_port_start"
    ],
  ).toBe("5");
});

test("toRlimits() writes unlimited as the kernel's exact number", () => {
  const rlimits = toRlimits([{ Name: "core", Soft: -1, Hard: -1 }]);
  expect(JSON.stringify(rlimits)).toBe(
    '[{"type":"RLIMIT_CORE","soft":18446744073709551615,"hard":18446744073709551615}]',
  );
});

test.each([
  [{ Name: "nosuch", Soft: 1, Hard: 1 }, "wrong rlimit value: RLIMIT_NOSUCH"],
  [{ Name: "nofile", Soft: 10, Hard: 1 }, "ulimit soft limit must be less than or equal to hard limit: 10 > 1"],
  [{ Name: "nofile", Soft: -1, Hard: 5 }, "ulimit soft limit must be less than or equal to hard limit: -1 > 5"],
])("toRlimits() refuses %j", (ulimit, message) => {
  expect(() => toRlimits([ulimit])).toThrow(message);
});

test.each([
  [["no-new-privileges"], { noNewPrivileges: true }],
  [["no-new-privileges:true"], { noNewPrivileges: true }],
  [["no-new-privileges=false"], { noNewPrivileges: false }],
  [["seccomp=unconfined"], { seccomp: "unconfined" }],
  [['seccomp={"a":"b=c"}'], { seccomp: '{"a":"b=c"}' }],
  [["seccomp=builtin"], { seccomp: undefined }],
  [["label=disable", "apparmor=unconfined", "systempaths=unconfined"], { unconfinedPaths: true }],
])("parseSecurityOptions(%j)", (options, expected) => {
  expect(parseSecurityOptions(options)).toMatchObject(expected);
});

test.each([
  ["nosuch", 'invalid --security-opt 1: "nosuch"'],
  ["nosuch=1", 'invalid --security-opt 2: "nosuch=1"'],
  ["no-new-privileges=foo", 'invalid --security-opt 2: "no-new-privileges=foo"'],
  ["writable-cgroups=zz", 'invalid --security-opt 2: "writable-cgroups=zz"'],
])("the security option %p is refused", (option, message) => {
  expect(() => parseSecurityOptions([option])).toThrow(message);
});

test("protectedPaths() takes lists as they are, and null as the defaults", () => {
  expect(protectedPaths(config({}), ["/sys/t"]).maskedPaths).toContain("/proc/kcore");
  expect(protectedPaths(config({}), ["/sys/t"]).maskedPaths).toContain("/sys/t");
  expect(protectedPaths(config({ MaskedPaths: [], ReadonlyPaths: ["/x"] }), [])).toEqual({
    maskedPaths: [],
    readonlyPaths: ["/x"],
  });
  expect(protectedPaths(config({ Privileged: true }), [])).toEqual({});
});

test("toEnvironment() keeps Docker's order, lets later values win and lone names remove", () => {
  const layers = [
    ["A=1", "HOSTNAME=other", "B=2"],
    ["A=3", "B"],
  ];
  expect(toEnvironment({ hostname: "box", terminal: true, home: "/h", layers })).toEqual([
    "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    "HOSTNAME=other",
    "TERM=xterm",
    "A=3",
    "HOME=/h",
  ]);
  expect(toEnvironment({ hostname: "", terminal: false, home: "/h", layers: [["HOME=/own"]] }).slice(1)).toEqual([
    "HOME=/own",
  ]);
});

test.each([
  ["", "/tare/id"],
  ["/x", "/x/id"],
  ["x/y", "/x/y/id"],
  ["/x/../../y", "/y/id"],
])("the cgroup parent %p gives %p", (CgroupParent, path) => {
  expect(cgroupPath("/tare", { CgroupParent }, "id")).toBe(path);
});
