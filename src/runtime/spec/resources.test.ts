import { expect, test } from "bun:test";
import type { HostConfig } from "../../wire/host-config.ts";
import { HOST_CONFIG } from "../test-config.ts";
import { splitDevice } from "./device-node.ts";
import { parseRule, toDevices } from "./devices.ts";
import { toResources } from "./resources.ts";

const config = (changes: Partial<HostConfig>): HostConfig => ({ ...HOST_CONFIG, ...changes });

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

test("a device request is refused by its driver and capabilities", () => {
  const request = { Driver: "", Count: -1, DeviceIDs: [], Capabilities: [["gpu"]], Options: {} };
  expect(() => toDevices(config({ DeviceRequests: [request] }))).toThrow(
    'could not select device driver "" with capabilities: [[gpu]]',
  );
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
