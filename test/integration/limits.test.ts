/** Limits that the kernel enforces, what is told when it does, and what becomes of a log that grows. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { TestEngine } from "../harness/engine.ts";
import { ensureBusybox } from "../harness/images.ts";

let engine: TestEngine;
beforeAll(async () => {
  engine = await TestEngine.start();
  await ensureBusybox(engine.dockerEnv());
});
afterAll(async () => {
  await engine[Symbol.asyncDispose]();
});

test("a container that needs too much memory is killed, and inspect and events say why", async () => {
  const since = String(Math.floor(Date.now() / 1000));
  const hungry = ["dd", "if=/dev/zero", "of=/dev/null", "bs=200M", "count=1"];
  const { exitCode } = await engine.docker("run", "--name", "hungry", "-m", "16m", "busybox", ...hungry);
  expect(exitCode).toBe(137);
  expect(await engine.dockerOutput("inspect", "--format", "{{.State.OOMKilled}}", "hungry")).toBe("true");
  const events = await engine.dockerOutput(
    "events",
    "--since",
    since,
    "--until",
    nextSecond(),
    "--filter",
    "container=hungry",
    "--format",
    "{{.Action}}",
  );
  expect(events.split("\n")).toEqual(["create", "attach", "start", "oom", "die"]);
});

test("a container whose child is killed for memory lives on and is marked", async () => {
  const child = "dd if=/dev/zero of=/dev/null bs=200M count=1; echo survived; sleep 1000";
  await engine.dockerOutput("run", "-d", "--name", "parent", "-m", "16m", "busybox", "sh", "-c", child);
  const logs = engine.dockerTerminal("logs", "-f", "parent");
  await logs.expect("survived");
  await logs[Symbol.asyncDispose]();
  expect(await engine.dockerOutput("inspect", "--format", "{{.State.Status}} {{.State.OOMKilled}}", "parent")).toBe(
    "running true",
  );
});

test.each([
  [
    ["--network", "host", "--sysctl", "net.ipv4.tcp_ecn=1"],
    'OCI runtime create failed: crun create failed: sysctl "net.ipv4.tcp_ecn" not allowed in host network namespace',
  ],
  [["--gpus", "all"], 'could not select device driver "" with capabilities: [[gpu]]'],
])("a container with %j is made, and its start is refused and remembered", async (flags, why) => {
  const id = await engine.dockerOutput("create", ...flags, "busybox", "true");
  const { exitCode, stderr } = await engine.docker("start", id);
  expect([exitCode, stderr]).toEqual([1, expect.stringContaining(why)]);
  const state = await engine.dockerOutput(
    "inspect",
    "--format",
    "{{.State.Status}} {{.State.ExitCode}} {{.State.Error}}",
    id,
  );
  expect(state).toMatch(/^created 128 /);
  expect(state).toEndWith(why);
});

test("update leaves alone what it does not name, and says what does not go with it", async () => {
  await engine.dockerOutput(
    "run",
    "-d",
    "--name",
    "set",
    "--restart",
    "unless-stopped",
    "--pids-limit",
    "5",
    "busybox",
    "sleep",
    "1000",
  );
  await engine.dockerOutput("update", "--cpus", "0.5", "set");
  await engine.dockerOutput("update", "-m", "32m", "--memory-swap", "64m", "set");
  await engine.dockerOutput("update", "--memory-swap", "96m", "set");
  await engine.dockerOutput("update", "--pids-limit", "-1", "set");
  const format =
    "{{.HostConfig.RestartPolicy.Name}} {{.HostConfig.NanoCpus}} {{.HostConfig.MemorySwap}} {{.HostConfig.PidsLimit}}";
  expect(await engine.dockerOutput("inspect", "--format", format, "set")).toBe("unless-stopped 500000000 100663296 0");
  const pids = "cat /sys/fs/cgroup/pids/pids.max 2>/dev/null || cat /sys/fs/cgroup/pids.max";
  expect(await engine.dockerOutput("exec", "set", "sh", "-c", pids)).toBe("max");
  for (const [flags, why] of [
    [
      ["-m", "128m"],
      "Memory limit should be smaller than already set memoryswap limit, update the memoryswap at the same time",
    ],
    [["--cpu-quota", "5000"], "Conflicting options: CPU Quota cannot be updated as NanoCPUs has already been set"],
  ] as const) {
    const { stderr } = await engine.docker("update", ...flags, "set");
    expect(stderr).toMatch(new RegExp(`: Cannot update container [0-9a-f]{64}: ${why}`));
  }
});

test("update changes the limits of a running container in the kernel", async () => {
  await engine.dockerOutput("run", "-d", "--name", "grows", "-m", "64m", "--cpus", "0.5", "busybox", "sleep", "1000");
  await engine.dockerOutput("update", "-m", "128m", "--memory-swap", "256m", "--pids-limit", "77", "grows");
  expect(
    await engine.dockerOutput(
      "exec",
      "grows",
      "sh",
      "-c",
      "cat /sys/fs/cgroup/memory/memory.limit_in_bytes /sys/fs/cgroup/pids/pids.max 2>/dev/null || cat /sys/fs/cgroup/memory.max /sys/fs/cgroup/pids.max",
    ),
  ).toBe("134217728\n77");
  expect(
    await engine.dockerOutput("inspect", "--format", "{{.HostConfig.Memory}} {{.HostConfig.NanoCpus}}", "grows"),
  ).toBe("134217728 500000000");
});

test("a log never outgrows its files, and what is kept is whole and in order", async () => {
  const options = ["--log-opt", "max-size=50k", "--log-opt", "max-file=3"];
  await engine.dockerOutput("run", "--name", "chatty", ...options, "busybox", "seq", "1", "50000");
  const id = await engine.dockerOutput("inspect", "--format", "{{.Id}}", "chatty");
  const directory = join(engine.root, "containers", id);
  const sizes = readdirSync(directory)
    .filter((name) => name.startsWith("container.log"))
    .map((name) => statSync(join(directory, name)).size);
  expect(sizes.length).toBe(3);
  expect(Math.max(...sizes)).toBeLessThan(50_100);
  const lines = (await engine.dockerOutput("logs", "chatty")).split("\n").map(Number);
  expect(lines.at(-1)).toBe(50_000);
  expect(lines.every((line, index) => index === 0 || line === (lines[index - 1] ?? 0) + 1)).toBe(true);
});

test("stats counts memory, processes and processor time as docker shows them", async () => {
  await engine.dockerOutput("run", "-d", "--name", "busy", "-m", "64m", "busybox", "sh", "-c", "while :; do :; done");
  const format = "{{.Name}} {{.PIDs}} {{.MemUsage}} {{.CPUPerc}} {{.NetIO}}";
  const shown = await engine.dockerOutput("stats", "--no-stream", "--format", format, "busy");
  expect(shown).toMatch(/^busy 1 [\d.]+[KM]iB \/ 64MiB [1-9][\d.]*% [\d.]+k?B \/ [\d.]+k?B$/);
  await engine.dockerOutput("stop", "-t", "0", "busy");
  expect(await engine.dockerOutput("stats", "--no-stream", "--format", format, "busy")).toStartWith(
    "busy 0 0B / 0B 0.00%",
  );
  expect((await engine.docker("stats", "--no-stream", "nobody")).stderr).toContain("No such container: nobody");
});

/** The docker client turns "0s" into the whole second that has begun, and the events of that are yet to come. */
function nextSecond(): string {
  return String(Math.floor(Date.now() / 1000) + 1);
}
