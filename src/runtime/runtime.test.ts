/** Real containers under crun; needs root. What a container sees is compared with what Docker 28.5 gives one. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { readMounts } from "../kernel/mountinfo.ts";
import { MS, mount, umount } from "../kernel/mounts.ts";
import { processStartTime } from "../kernel/process.ts";
import { bind, tmpfs } from "./test-config.ts";
import { createLab, type Lab, type Wanted } from "./test-lab.ts";

let lab: Lab;
beforeAll(async () => {
  lab = await createLab("runtime");
});
afterAll(() => lab[Symbol.asyncDispose]());

const print = async (script: string, wanted?: Wanted): Promise<string> => (await lab.sh(script, wanted)).output.trim();
test("the working directory is made when missing", async () => {
  expect(await print("pwd", { config: { WorkingDir: "/made/for/it" } })).toBe("/made/for/it");
  rmSync(join(lab.rootfs, "made"), { recursive: true });
});

test("a read-only root is read-only, its tmpfs is not", async () => {
  const hostConfig = { ReadonlyRootfs: true };
  const mounts = [tmpfs("/tmp", "size=1m,mode=1777")];
  const output = await print(
    "touch /x 2>&1; touch /etc/hosts 2>&1; touch /tmp/x && df -k /tmp | grep -c 1024; stat -c %a /tmp",
    { hostConfig, mounts },
  );
  expect(output).toBe("touch: /x: Read-only file system\ntouch: /etc/hosts: Read-only file system\n1\n1777");
});

test("ulimits, the score and sysctls arrive", async () => {
  const hostConfig = {
    Ulimits: [
      { Name: "nofile", Soft: 100, Hard: 200 },
      { Name: "core", Soft: -1, Hard: -1 },
    ],
    OomScoreAdj: 7,
    Sysctls: { "net.core.somaxconn": "77" },
  };
  const output = await print(
    "ulimit -Sn; ulimit -Hn; ulimit -c; cat /proc/self/oom_score_adj /proc/sys/net/core/somaxconn /proc/sys/net/ipv4/ip_unprivileged_port_start",
    { hostConfig },
  );
  expect(output.split("\n")).toEqual(["100", "200", "unlimited", "7", "77", "0"]);
});

test("hostname and domain name are the container's", async () => {
  expect(await print("hostname; cat /proc/sys/kernel/domainname", { config: { Domainname: "example.org" } })).toBe(
    "box\nexample.org",
  );
});

test("a bind mount is there, read-only with all below it, its source made when missing", async () => {
  const source = join(lab.dir, "made/source");
  const output = await print("touch /w/file; touch /r/file 2>&1; ls /r", {
    mounts: [bind(source, "/w"), bind(source, "/r", { readOnly: true })],
  });
  expect(output).toBe("touch: /r/file: Read-only file system\nfile");
  expect(existsSync(join(source, "file"))).toBe(true);
});

test("a bind may only share what the host shares", async () => {
  const shared = join(lab.dir, "shared");
  mkdirSync(shared);
  mount({ source: "shared", target: shared, type: "tmpfs" });
  try {
    mount({ target: shared, flags: MS.PRIVATE });
    const mounts = [bind(shared, "/s", { propagation: "shared" })];
    const asSlave = [bind(shared, "/s", { propagation: "slave" })];
    await expect(lab.run(["true"], { mounts })).rejects.toThrow(
      `path ${shared} is mounted on ${shared} but it is not a shared mount`,
    );
    mount({ target: shared, flags: MS.SHARED });
    expect(await print("grep -c ' /s .* shared:' /proc/self/mountinfo", { mounts })).toBe("1");
    expect(await print("grep -c ' /s .* master:' /proc/self/mountinfo", { mounts: asSlave })).toBe("1");
  } finally {
    umount(shared);
  }
});

test("a terminal is the process's own", async () => {
  expect((await lab.sh("[ -t 0 ] && [ -t 1 ] && echo $TERM", { config: { Tty: true } })).output).toContain("xterm");
});

test("an out-of-memory kill is noticed", async () => {
  await using container = await lab.start(["dd", "if=/dev/zero", "of=/dev/null", "bs=64M", "count=1"], {
    hostConfig: { Memory: 16 << 20, MemorySwap: 16 << 20 },
  });
  expect(await container.monitor.exited).toMatchObject({ exitCode: 137, oomKilled: true });
});

test("a read-only file is mounted read-only", async () => {
  const source = join(lab.dir, "one-file");
  writeFileSync(source, "hello\n");
  const mounts = [bind(source, "/one", { readOnly: true })];
  expect(await print("cat /one; echo x 2>&1 >/one", { mounts })).toContain("hello");
  expect(readFileSync(source, "utf8")).toBe("hello\n");
});

test("a device of the host is there under its new name and may be used as allowed", async () => {
  const Devices = [{ PathOnHost: "/dev/zero", PathInContainer: "/dev/nought", CgroupPermissions: "r" }];
  expect(
    await print("head -c 2 /dev/nought | grep -c . ; ls -l /dev/nought | grep -c '1,   5'", {
      hostConfig: { Devices },
    }),
  ).toEndWith("1");
});

test("the default devices are Docker's", async () => {
  const names = (await print("ls /dev")).split("\n").filter((name) => name !== "core");
  expect(names).toEqual([
    "fd",
    "full",
    "mqueue",
    "null",
    "ptmx",
    "pts",
    "random",
    "shm",
    "stderr",
    "stdin",
    "stdout",
    "tty",
    "urandom",
    "zero",
  ]);
});

test("a user that is told to run as another finds her home", async () => {
  expect(await print("echo $HOME", { config: { User: "ann" } })).toBe("/people/ann");
});

test("--init is pid 1, passes signals on and returns the command's code", async () => {
  await using container = await lab.start(
    ["sh", "-c", "trap 'exit 42' TERM; echo ready >/tmp/ready; while :; do sleep 0.01; done"],
    { hostConfig: { Init: true }, mounts: [tmpfs("/tmp")] },
  );
  const root = `/proc/${container.pid}/root`;
  while (!existsSync(`${root}/tmp/ready`)) await Bun.sleep(1);
  expect(readFileSync(`/proc/${container.pid}/cmdline`, "utf8")).toStartWith("/sbin/docker-init\0--\0sh\0");
  expect(
    lab.runtime.kill(container.id, { pid: container.pid, pidStart: processStartTime(container.pid) ?? 0 }, 15),
  ).toBe(true);
  expect((await container.monitor.exited)?.exitCode).toBe(42);
});

test.each([
  [["nosuch"], 127, 'exec: "nosuch": executable file not found in $PATH'],
  [["/etc/passwd"], 126, 'exec: "/etc/passwd": permission denied'],
  [["/etc"], 126, 'exec: "/etc": is a directory: permission denied'],
  [[""], 127, 'exec: "": executable file not found in $PATH'],
])("the command %j fails as in Docker, in containers and in exec sessions", async (args, exitCode, detail) => {
  const create =
    "failed to create task for container: failed to create shim task: OCI runtime create failed: crun create failed: ";
  await expect(lab.run(args)).rejects.toMatchObject({
    exitCode,
    message: `${create}unable to start container process: error during container init: ${detail}`,
  });
  await using container = await lab.start(["sleep", "100"]);
  await expect(container.exec(args)).rejects.toMatchObject({
    exitCode,
    message: `OCI runtime exec failed: exec failed: unable to start container process: ${detail}`,
  });
});

test("with --init, too, the user's command is the one that is named", async () => {
  const { exitCode, output } = await lab.run(["nosuch"], { hostConfig: { Init: true } });
  expect([exitCode, output]).toEqual([127, "tare-init: nosuch: No such file or directory\n"]);
});

test("an exec session has the container's filter, groups, environment and directory, or its own", async () => {
  await using container = await lab.start(["sleep", "100"], { config: { Env: ["A=1"], WorkingDir: "/tmp" } });
  const own = await container.exec([
    "sh",
    "-c",
    "id -G; echo $A $B $HOME; pwd; grep -c 'Seccomp:.2' /proc/self/status; grep CapEff /proc/self/status",
  ]);
  expect(own.output).toBe("0 10\n1 /root\n/tmp\n1\nCapEff:\t00000000a80425fb\n");
  const other = await container.exec(["sh", "-c", "id -u; echo $A $B $HOME; pwd; grep CapEff /proc/self/status"], {
    user: "ann",
    env: ["A=2", "B=3"],
    workingDir: "/etc",
  });
  expect(other.output).toBe("1000\n2 3 /people/ann\n/etc\nCapEff:\t0000000000000000\n");
  const strong = await container.exec(["grep", "CapEff", "/proc/self/status"], { privileged: true });
  expect(strong.output).toContain(/CapEff:\s*\w+/.exec(readFileSync("/proc/self/status", "utf8"))?.[0] ?? "?");
});

const isV1 = existsSync("/sys/fs/cgroup/memory/memory.limit_in_bytes");

/** A container's cgroup file, on either layout: version 1 has a hierarchy for each controller. */
function limit(id: string, file: string): string {
  const hierarchy = isV1 ? `/${file.split(".")[0]}` : "";
  return readFileSync(`/sys/fs/cgroup${hierarchy}${lab.cgroupParent}/${id}/${file}`, "utf8").trim();
}

const V1_LIMITS = [
  ["memory.limit_in_bytes", { Memory: 64 << 20 }, String(64 << 20)],
  ["memory.memsw.limit_in_bytes", { Memory: 64 << 20 }, String(128 << 20)],
  ["pids.max", { PidsLimit: 50 }, "50"],
  ["cpu.cfs_quota_us", { NanoCpus: 5e8 }, "50000"],
  ["cpu.shares", { CpuShares: 512 }, "512"],
  ["cpuset.cpus", { CpusetCpus: "0" }, "0"],
] as const;
const V2_LIMITS = [
  ["memory.max", { Memory: 64 << 20 }, String(64 << 20)],
  ["memory.swap.max", { Memory: 64 << 20 }, String(64 << 20)],
  ["pids.max", { PidsLimit: 50 }, "50"],
  ["cpu.max", { NanoCpus: 5e8 }, "50000 100000"],
  ["cpuset.cpus", { CpusetCpus: "0" }, "0"],
] as const;

for (const [file, hostConfig, expected] of isV1 ? V1_LIMITS : V2_LIMITS) {
  test(`${file} is ${expected} with ${JSON.stringify(hostConfig)}`, async () => {
    await using container = await lab.start(["sleep", "100"], { hostConfig });
    expect(limit(container.id, file)).toBe(expected);
  });
}

test("update changes and lifts limits of a running container", async () => {
  await using container = await lab.start(["sleep", "100"], { hostConfig: { Memory: 64 << 20, PidsLimit: 50 } });
  await lab.runtime.update(container.id, "", {
    ...container.hostConfig,
    Memory: 128 << 20,
    MemorySwap: -1,
    PidsLimit: -1,
    NanoCpus: 1e9,
  });
  const files = isV1
    ? ["memory.limit_in_bytes", "pids.max", "cpu.cfs_quota_us"]
    : ["memory.max", "pids.max", "cpu.max"];
  const [memory, pids, quota] = files.map((file) => limit(container.id, file));
  expect([memory, pids, quota?.split(" ")[0]]).toEqual([String(128 << 20), "max", "100000"]);
});

test("pause stops every process, resume lets them go on", async () => {
  await using container = await lab.start(["sleep", "100"], { hostConfig: { Init: true } });
  // The init begins alone; that there come to be two is what the test's time limit waits for.
  while (lab.runtime.pids(container.id, container.hostConfig).length < 2) await Bun.sleep(1);
  const state = (): string => /^State:\s+(\S)/m.exec(readFileSync(`/proc/${container.pid}/status`, "utf8"))?.[1] ?? "";
  await lab.runtime.pause(container.id, container.hostConfig);
  expect(state()).toBe("D");
  await lab.runtime.resume(container.id, container.hostConfig);
  expect(state()).toMatch(/^[RS]$/);
});

test("shareable memory is shared with those that join, and with nobody else", async () => {
  await using donor = await lab.start(["sh", "-c", "sleep 100"], {
    hostConfig: { IpcMode: "shareable", ShmSize: 1 << 20 },
  });
  await donor.exec(["touch", "/dev/shm/mine"]);
  const hostConfig = { IpcMode: `container:${donor.id}` };
  expect(await print("ls /dev/shm", { hostConfig, joinPid: { ipc: donor.pid } })).toBe("mine");
  expect(await print("ls /dev/shm")).toBe("");
  await using loner = await lab.start(["sleep", "100"]);
  await expect(lab.run(["true"], { hostConfig, joinPid: { ipc: loner.pid } })).rejects.toThrow("non-shareable IPC");
});

test("a container joins another's processes and network", async () => {
  await using peer = await lab.start(["sleep", "77"]);
  const hostConfig = { PidMode: "container:x", NetworkMode: "container:x" };
  const joinPid = { pid: peer.pid, network: peer.pid };
  expect(await print("ps | grep -c 'sleep 7[7]'", { hostConfig, joinPid })).toBe("1");
});

test("nothing is left of a container, even when the runtime has lost its record of it", async () => {
  const container = await lab.start(["sh", "-c", "sleep 100 & sleep 100"], { hostConfig: { IpcMode: "shareable" } });
  rmSync(join(lab.dir, "run/crun", container.id), { recursive: true });
  expect(lab.runtime.list()).toEqual([container.id]);
  await lab.runtime.destroyOrphan(container.id);
  expect(await container.monitor.exited).toMatchObject({ exitCode: 137 });
  expect(lab.runtime.list()).toEqual([]);
  expect(readMounts().filter(({ target }) => target.startsWith(lab.dir))).toEqual([]);
  expect(existsSync(`/proc/${container.pid}`)).toBe(false);
  await lab.runtime.destroyOrphan(container.id);
});
