import { expect, test } from "bun:test";
import type { HostConfig } from "../../wire/host-config.ts";
import { bind, HOST_CONFIG } from "../test-config.ts";
import { type SharedMemory, toMounts } from "./mounts.ts";
import { toNamespaces } from "./namespaces.ts";
import type { UserMount } from "./user-mount.ts";

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

interface More {
  readonly mounts?: readonly UserMount[];
  readonly sharedMemory?: SharedMemory;
  readonly initPath?: string;
  readonly canProtectBelow?: boolean;
}
const mountsOf = (changes: Partial<HostConfig>, more: More = {}) => {
  const hostConfig = config(changes);
  return toMounts({
    hostConfig,
    mounts: more.mounts ?? [],
    etc: { hosts: "/h", resolvConf: "/r", hostname: "/n" },
    sharedMemory: more.sharedMemory,
    initPath: more.initPath,
    canProtectBelow: more.canProtectBelow ?? true,
  });
};
const optionsAt = (destination: string, changes: Partial<HostConfig>) =>
  mountsOf(changes).find((mount) => mount.destination === destination)?.options;

test("toMounts() has the kernel's file systems first and the network files last", () => {
  expect(mountsOf({}, { mounts: [bind("/a", "/b")] }).map(({ destination }) => destination)).toEqual([
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
  const mounts = [bind("/dev", "/dev"), bind("/h2", "/etc/hosts")];
  const found = mountsOf({}, { mounts }).map(({ destination, source }) => [destination, source]);
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

test.each<[Partial<UserMount>, string[]]>([
  [{}, ["rbind", "rprivate"]],
  [{ readOnly: true, propagation: "shared" }, ["rbind", "rro", "shared"]],
  [{ readOnly: true, recursiveReadOnly: "no" }, ["rbind", "ro", "rprivate"]],
  [{ readOnly: true, recursive: false }, ["bind", "ro", "private"]],
])("a bind of %j is mounted with %j", (changes, options) => {
  const found = mountsOf({}, { mounts: [bind("/s", "/d", changes)] });
  expect(found.find(({ destination }) => destination === "/d")?.options).toEqual(options);
});

test("what must be read-only with all below it is refused by a kernel that cannot do it, and otherwise is as good as it gets", () => {
  const readOnly = (recursiveReadOnly: UserMount["recursiveReadOnly"]) =>
    mountsOf({}, { mounts: [bind("/s", "/d", { readOnly: true, recursiveReadOnly })], canProtectBelow: false });
  expect(() => readOnly("required")).toThrow("recursive read-only mounts are not supported by this kernel");
  expect(readOnly("ifPossible").find(({ destination }) => destination === "/d")?.options).toContain("ro");
});

test.each<[string, string | undefined, string | undefined]>([
  ["private", undefined, "tmpfs shm"],
  ["none", undefined, undefined],
  ["host", "/dev/shm", "bind /dev/shm"],
  ["shareable", "/run/shm", "bind /run/shm"],
])("/dev/shm with --ipc %s", (IpcMode, source, expected) => {
  const found = mountsOf({ IpcMode }, source === undefined ? {} : { sharedMemory: { source, restrictions: [] } });
  const shm = found.find(({ destination }) => destination === "/dev/shm");
  expect(shm === undefined ? undefined : `${shm.type} ${shm.source}`).toBe(expected);
});
