import { expect, test } from "bun:test";
import type { HostConfig } from "../../wire/host-config.ts";
import { HOST_CONFIG } from "../test-config.ts";
import { cgroupPath } from "./container-spec.ts";
import { toEnvironment } from "./environment.ts";
import { protectedPaths } from "./protected-paths.ts";
import { toRlimits } from "./rlimits.ts";
import { parseSecurityOptions } from "./security-options.ts";
import { toSysctls } from "./sysctls.ts";

const config = (changes: Partial<HostConfig>): HostConfig => ({ ...HOST_CONFIG, ...changes });

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
  expect(() => toSysctls(config({ ...changes, Sysctls: { [key]: "1" } }), "")).toThrow(message);
});

test("sysctls of the container's own namespaces are let pass, in both notations", () => {
  const Sysctls = {
    "net.ipv4.conf.eth0.forwarding": "1",
    "net/core/somaxconn": "1",
    "kernel.shm_rmid_forced": "1",
    "fs.mqueue.msg_max": "9",
  };
  expect(toSysctls(config({ Sysctls }), "")).toMatchObject(Sysctls);
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
