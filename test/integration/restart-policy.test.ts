/** Restart policies, automatic removal and health checks of real containers. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { TestEngine } from "../harness/engine.ts";
import { eventually } from "../harness/eventually.ts";
import { ensureBusybox } from "../harness/images.ts";

let engine: TestEngine;
beforeAll(async () => {
  engine = await TestEngine.start();
  await ensureBusybox(engine.dockerEnv());
});
afterAll(async () => {
  await engine[Symbol.asyncDispose]();
});

const inspect = (name: string, format: string): Promise<string> =>
  engine.dockerOutput("inspect", "--format", format, name);
const running = (name: string) => async (): Promise<boolean> => (await inspect(name, "{{.State.Running}}")) === "true";

test("on-failure:2 restarts twice, then gives up with the last exit code", async () => {
  await engine.dockerOutput(
    "run",
    "-d",
    "--name",
    "fails",
    "--restart",
    "on-failure:2",
    "busybox",
    "sh",
    "-c",
    "echo try; exit 3",
  );
  await eventually(async () => (await inspect("fails", "{{.State.Status}}")) === "exited");
  expect(await inspect("fails", "{{.RestartCount}} {{.State.ExitCode}}")).toBe("2 3");
  expect(await engine.dockerOutput("logs", "fails")).toBe("try\ntry\ntry");
});

test("always restarts a success, and stop ends it for good", async () => {
  await engine.dockerOutput("run", "-d", "--name", "again", "--restart", "always", "busybox", "true");
  await eventually(async () => Number(await inspect("again", "{{.RestartCount}}")) >= 2);
  await engine.dockerOutput("stop", "again");
  expect(await inspect("again", "{{.State.Status}}")).toBe("exited");
  await engine.restart();
  await eventually(async () => (await inspect("again", "{{.State.Status}}")) !== "exited");
  await engine.dockerOutput("rm", "-f", "again");
});

test("unless-stopped comes back with a new engine when it died with the old one, but not when it was stopped", async () => {
  await engine.dockerOutput("run", "-d", "--name", "stays", "--restart", "unless-stopped", "busybox", "sleep", "1000");
  await engine.dockerOutput(
    "run",
    "-d",
    "--name",
    "stopped",
    "--restart",
    "unless-stopped",
    "busybox",
    "sleep",
    "1000",
  );
  await engine.dockerOutput("stop", "-t", "0", "stopped");
  const pid = Number(await inspect("stays", "{{.State.Pid}}"));
  await engine.kill();
  process.kill(pid, "SIGKILL");
  await engine.begin();
  await eventually(running("stays"));
  expect(await inspect("stopped", "{{.State.Status}}")).toBe("exited");
});

test("--rm removes a container also when it ended while no engine ran", async () => {
  await engine.dockerOutput("run", "-d", "--rm", "--name", "fleeting", "busybox", "sleep", "1000");
  const pid = Number(await inspect("fleeting", "{{.State.Pid}}"));
  await engine.kill();
  process.kill(pid, "SIGKILL");
  await engine.begin();
  await eventually(async () => !(await engine.dockerOutput("ps", "-a", "--format", "{{.Names}}")).includes("fleeting"));
});

test("a restart policy and --rm refuse each other", async () => {
  const { exitCode, stderr } = await engine.docker("run", "--rm", "--restart", "always", "busybox", "true");
  expect(exitCode).toBe(125);
  expect(stderr).toContain("conflicting options: cannot specify both --restart and --rm");
});

test("a health check goes from starting to healthy to unhealthy, tells it, and keeps the last results", async () => {
  const since = String(Math.floor(Date.now() / 1000) - 1);
  const health = [
    "--health-cmd",
    "test ! -e /sick || { echo feeling bad; exit 1; }",
    "--health-interval",
    "100ms",
    "--health-retries",
    "2",
  ];
  await engine.dockerOutput("run", "-d", "--name", "patient", ...health, "busybox", "sleep", "1000");
  const status = (): Promise<string> => inspect("patient", "{{.State.Health.Status}}");
  expect(await status()).toBe("starting");
  await eventually(async () => (await status()) === "healthy");
  expect(await engine.dockerOutput("ps", "--filter", "health=healthy", "--format", "{{.Names}} {{.Status}}")).toMatch(
    /^patient Up .*\(healthy\)$/,
  );
  await engine.dockerOutput("exec", "patient", "touch", "/sick");
  await eventually(async () => (await status()) === "unhealthy");
  await eventually(async () => (await inspect("patient", "{{len .State.Health.Log}}")) === "5");
  await eventually(async () => (await inspect("patient", "{{(index .State.Health.Log 0).ExitCode}}")) === "1");
  expect(
    await inspect("patient", "{{(index .State.Health.Log 4).ExitCode}} {{(index .State.Health.Log 4).Output}}"),
  ).toBe("1 feeling bad\n");
  const events = await engine.dockerOutput(
    "events",
    "--since",
    since,
    "--until",
    String(Math.floor(Date.now() / 1000) + 1),
    "--filter",
    "container=patient",
    "--format",
    "{{.Action}}",
  );
  expect(events.split("\n").filter((action) => action.startsWith("health_status"))).toEqual([
    "health_status: healthy",
    "health_status: unhealthy",
  ]);
});

test("a probe that takes too long is killed and counts as failed, with what it had said", async () => {
  const health = [
    "--health-cmd",
    "echo waiting; sleep 1000",
    "--health-interval",
    "50ms",
    "--health-timeout",
    "500ms",
    "--health-retries",
    "1",
  ];
  await engine.dockerOutput("run", "-d", "--name", "slow", ...health, "busybox", "sleep", "1000");
  await eventually(async () => (await inspect("slow", "{{.State.Health.Status}}")) === "unhealthy");
  expect(await inspect("slow", "{{(index .State.Health.Log 0).ExitCode}} {{(index .State.Health.Log 0).Output}}")).toBe(
    "-1 Health check exceeded timeout (500ms): waiting\n",
  );
});
