/** Containers outlive their engine: nothing of their output is lost or told twice, their ends are known, clients find them again. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { TestEngine } from "../harness/engine.ts";
import { eventually } from "../harness/eventually.ts";
import { ensureBusybox } from "../harness/images.ts";

const KILLS = 20;

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

test("a container printing numbered lines across 20 kills of the engine loses and repeats none", async () => {
  const count =
    "i=0; while [ ! -e /stop ]; do i=$((i+1)); echo $i; [ $((i % 50)) = 0 ] && usleep 10000; done; echo end";
  await engine.dockerOutput("run", "-d", "--name", "counter", "busybox", "sh", "-c", count);
  const pid = await inspect("counter", "{{.State.Pid}}");
  for (let kill = 0; kill < KILLS; kill += 1) await engine.restart();
  expect(await inspect("counter", "{{.State.Status}} {{.State.Pid}}")).toBe(`running ${pid}`);
  await engine.dockerOutput("exec", "counter", "touch", "/stop");
  expect(await engine.dockerOutput("wait", "counter")).toBe("0");
  const lines = (await engine.dockerOutput("logs", "counter")).split("\n");
  expect(lines.at(-1)).toBe("end");
  const wrong = lines.slice(0, -1).findIndex((line, index) => line !== String(index + 1));
  expect(wrong).toBe(-1);
  expect(lines.length).toBeGreaterThan(KILLS * 10);
});

test("the exit code and time of a container that ended while no engine ran are known", async () => {
  const untilTold = "trap 'exit 42' USR1; while true; do usleep 10000; done";
  await engine.dockerOutput("run", "-d", "--name", "ends", "busybox", "sh", "-c", untilTold);
  await engine.dockerOutput("run", "-d", "--name", "signalled", "busybox", "sleep", "1000");
  const pids = await Promise.all(["ends", "signalled"].map((name) => inspect(name, "{{.State.Pid}}")));
  await engine.kill();
  process.kill(Number(pids[0]), "SIGUSR1");
  process.kill(Number(pids[1]), "SIGKILL");
  await Promise.all(pids.map((pid) => gone(Number(pid))));
  await engine.begin();
  expect(await inspect("ends", "{{.State.Status}} {{.State.ExitCode}}")).toBe("exited 42");
  expect(await inspect("signalled", "{{.State.Status}} {{.State.ExitCode}}")).toBe("exited 137");
  expect(await inspect("signalled", "{{.State.FinishedAt}}")).toStartWith(new Date().toISOString().slice(0, 10));
});

test("wait and attach work again on a container of an earlier engine", async () => {
  await engine.dockerOutput("run", "-dit", "--name", "shell", "busybox", "sh");
  await engine.restart();
  const waiting = engine.dockerOutput("wait", "shell");
  const attached = engine.dockerTerminal("attach", "shell");
  attached.type("echo st''ill here\n");
  await attached.expect("still here");
  attached.type("exit 9\n");
  expect(await attached.exit()).toBe(9);
  expect(await waiting).toBe("9");
});

test("an exec session of an earlier engine goes on and its exit code is known", async () => {
  await engine.dockerOutput("run", "-d", "--name", "host", "busybox", "sleep", "1000");
  const created = await fetch("http://engine/containers/host/exec", {
    unix: engine.socketPath,
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ Cmd: ["sh", "-c", "while [ ! -e /go ]; do usleep 10000; done; exit 5"] }),
  });
  const { Id }: { Id: string } = JSON.parse(await created.text());
  const start = {
    unix: engine.socketPath,
    method: "POST",
    headers: { "content-type": "application/json" },
    body: '{"Detach":true}',
  };
  expect((await fetch(`http://engine/exec/${Id}/start`, start)).status).toBe(200);
  await engine.restart();
  const session = async (): Promise<{ Running: boolean; Pid: number }> =>
    JSON.parse(await (await fetch(`http://engine/exec/${Id}/json`, { unix: engine.socketPath })).text());
  const running = await session();
  expect(running).toMatchObject({ Running: true, ExitCode: null });
  await engine.dockerOutput("exec", "host", "touch", "/go");
  await eventually(async () => (await session()).Running === false);
  expect(await session()).toMatchObject({ Running: false, ExitCode: 5, Pid: running.Pid });
  expect(running.Pid).toBeGreaterThan(0);
});

/** Resolves when the kernel has let the process go. */
async function gone(pid: number): Promise<void> {
  await eventually(async () => !(await Bun.file(`/proc/${pid}/stat`).exists()));
}
