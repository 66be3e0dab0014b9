import { afterAll, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { cgroupFindings } from "./cgroups.ts";
import { toText } from "./examine.ts";
import { type Finding, missing, ok } from "./finding.ts";
import { createHost, type Host } from "./host.ts";
import { kernelFindings } from "./kernel.ts";
import { networkFindings } from "./network.ts";
import { programFindings } from "./programs.ts";
import { storageFindings } from "./storage.ts";

const folders: string[] = [];
afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true });
});

/** A machine laid out in a folder: files by path, programs by name with the script they are. */
function machine(files: Record<string, string>, programs: Record<string, string> = {}, uid = 0): Host {
  const folder = mkdtempSync(join(tmpdir(), "tare-doctor-"));
  folders.push(folder);
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(folder + path), { recursive: true });
    writeFileSync(folder + path, text);
  }
  const bin = join(folder, "programs");
  mkdirSync(bin);
  for (const [name, script] of Object.entries(programs)) {
    writeFileSync(join(bin, name), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  }
  const host = createHost(bin, uid, folder);
  return { ...host, find: (name) => (name in programs ? join(bin, name) : undefined) };
}

const KERNEL = { "/proc/sys/kernel/osrelease": "6.12.3-amd64\n", "/proc/filesystems": "nodev\toverlay\n\terofs\n" };
const stateOf = (findings: readonly Finding[], name: string): string | undefined =>
  findings.find((finding) => finding.name === name)?.state;

test.each([
  ["version 2 with all controllers", "ok", { "/sys/fs/cgroup/cgroup.controllers": "cpuset cpu io memory pids\n" }],
  ["version 2 without memory", "warning", { "/sys/fs/cgroup/cgroup.controllers": "cpu pids\n" }],
  ["no cgroups at all", "missing", {}],
])("cgroups: %s is %s", (_what, state, files) => {
  expect(stateOf(cgroupFindings(machine(files)), "cgroups")).toBe(state);
});

const V1 = Object.fromEntries(
  ["cpu", "cpuset", "devices", "freezer", "memory", "pids"].map((name) => [`/sys/fs/cgroup/${name}/tasks`, ""]),
);

test("cgroups: a hybrid whose version 2 tree owns hugetlb is named with the command that mends it", () => {
  const [finding] = cgroupFindings(machine({ ...V1, "/sys/fs/cgroup/unified/cgroup.controllers": "hugetlb misc\n" }));
  expect(finding?.state).toBe("missing");
  expect(finding?.fix).toContain("mount -t cgroup -o hugetlb cgroup /sys/fs/cgroup/hugetlb");
});

test("cgroups: a hybrid with hugetlb mounted as version 1 is fine", () => {
  expect(
    stateOf(cgroupFindings(machine({ ...V1, "/sys/fs/cgroup/unified/cgroup.controllers": "\n" })), "cgroups"),
  ).toBe("ok");
});

test.each([
  ["5.10.0-amd64", "missing"],
  ["5.11.0", "ok"],
  ["6.1.0-28-amd64", "ok"],
])("kernel: Linux %s is %s", (release, state) => {
  const host = machine({ ...KERNEL, "/proc/sys/kernel/osrelease": release });
  expect(stateOf(kernelFindings(host), "kernel")).toBe(state);
});

test("kernel: overlay as a module that is not loaded yet counts", () => {
  const files = {
    "/proc/filesystems": "\terofs\n",
    "/lib/modules/6.12.3-amd64/modules.dep": "kernel/fs/overlayfs/overlay.ko.xz:\n",
  };
  expect(stateOf(kernelFindings(machine({ ...KERNEL, ...files })), "file systems")).toBe("ok");
});

test("kernel: an old one mounts no EROFS from plain files", () => {
  const host = machine({ ...KERNEL, "/proc/sys/kernel/osrelease": "6.1.0" });
  expect(stateOf(kernelFindings(host), "file systems")).toBe("warning");
});

test("programs: without any runtime the fix is this distribution's command", () => {
  const finding = programFindings(machine({}, { dnf: "" })).find(({ name }) => name === "runtime");
  expect(finding).toMatchObject({ state: "missing", fix: "dnf install crun" });
});

test("programs: versions are read from the programs themselves", () => {
  const host = machine({}, { crun: "echo crun version 1.8.1", runc: "echo runc version 1.1.5" });
  const findings = programFindings(host);
  expect(findings.find(({ name }) => name === "crun")?.what).toBe("1.8.1");
  expect(stateOf(findings, "nft")).toBe("warning");
});

const chain = (table: string, name: string, policy: string): string =>
  `table ${table} {\n\tchain ${name} {\n\t\ttype filter hook forward priority filter; policy ${policy};\n\t}\n}\n`;
const DOCKER_USER = "table ip filter {\n\tchain DOCKER-USER {\n\t}\n}\n";

test.each([
  ["that drops nothing is fine", "ok", "not dropped", chain("ip filter", "FORWARD", "accept")],
  ["of iptables that drops is named, and fine", "ok", "(ip filter FORWARD)", chain("ip filter", "FORWARD", "drop")],
  ["of Docker's is fine", "ok", "Docker's chain", chain("ip filter", "FORWARD", "drop") + DOCKER_USER],
  [
    "of somebody else that drops is told",
    "warning",
    "chain fwd of the table inet main",
    chain("inet main", "fwd", "drop"),
  ],
  ["of firewalld is told", "warning", "firewalld", chain("inet firewalld", "filter_FORWARD", "accept")],
])("network: a forward chain %s", (_what, state, what, ruleset) => {
  const host = machine({}, { nft: `printf '%s' '${ruleset.replaceAll("'", "'\\''")}'` }, 1000);
  const finding = networkFindings(host).find(({ name }) => name === "forwarding");
  expect(finding).toMatchObject({ state, what: expect.stringContaining(what) });
});

test("storage: little memory, few files and few watchers are told", () => {
  const host = machine({
    "/proc/meminfo": "MemTotal: 500000 kB\nMemAvailable:     100000 kB\n",
    "/proc/self/limits":
      "Limit  Soft  Hard  Units\nMax open files            1024                 4096                 files\n",
    "/proc/sys/fs/inotify/max_user_instances": "64\n",
  });
  const findings = storageFindings(host, "/var/lib/tare");
  expect(["memory", "file limit", "inotify"].map((name) => stateOf(findings, name))).toEqual([
    "warning",
    "warning",
    "warning",
  ]);
});

test("storage: a root directory in memory is told", () => {
  const host = { ...machine({}), volume: () => ({ type: 0x01021994, freeBytes: 8 * 1024 ** 3 }) };
  expect(stateOf(storageFindings(host, "/var/lib/tare"), "root directory")).toBe("warning");
});

test("the report ends with what is to be mended", () => {
  const text = toText([
    ok("kernel", "Linux 6"),
    missing("nft", "not installed", { why: "Because.", fix: "apt-get install nftables" }),
  ]);
  expect(text).toContain("To mend it: apt-get install nftables");
  expect(text).toEndWith("1 to mend before containers run.\n");
});
