/** Real terminals through both clients: size and its changes, detach keys, attaching again, exit codes, signals. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { TestEngine } from "../harness/engine.ts";
import { ensureBusybox } from "../harness/images.ts";
import type { TerminalSession } from "../harness/terminal.ts";

let engine: TestEngine;
beforeAll(async () => {
  engine = await TestEngine.start();
  await ensureBusybox(engine.dockerEnv());
});
afterAll(async () => {
  await engine[Symbol.asyncDispose]();
});

const CTRL_P_CTRL_Q = "\x10\x11";

type Open = (...args: readonly string[]) => TerminalSession;
const CLIENTS: readonly (readonly [name: string, open: Open])[] = [
  ["docker", (...args) => engine.dockerTerminal(...args)],
  ["tare", (...args) => engine.tareTerminal(...args)],
];

test.each(CLIENTS)(
  "%s run -it gives a terminal, follows its size and ends with the program's code",
  async (_name, open) => {
    const script = "stty size; until [ \"$(stty size)\" = '40 100' ]; do usleep 10000; done; stty size; exit 7";
    await using terminal = open("run", "-it", "--rm", "busybox", "sh", "-c", script);
    await terminal.expect("24 80");
    terminal.resize(40, 100);
    // The harness's terminal controls no session that the kernel would signal, and a client may not be listening yet.
    const nudge = setInterval(() => process.kill(terminal.pid, "SIGWINCH"), 50);
    await terminal.expect("40 100");
    clearInterval(nudge);
    expect(await terminal.exit()).toBe(7);
  },
);

test.each(CLIENTS)("%s detaches at its keys, leaves the container running and attaches again", async (name, open) => {
  const container = `${name}-detached`;
  const first = open("run", "-it", "--name", container, "busybox", "sh");
  first.type("echo read''y\n");
  await first.expect("ready");
  first.type(CTRL_P_CTRL_Q);
  expect(await first.exit()).toBe(0);
  expect(await engine.dockerOutput("inspect", "--format", "{{.State.Running}}", container)).toBe("true");
  await using second = open("attach", container);
  second.type("echo aga''in\n");
  await second.expect("again");
  second.type("exit 3\n");
  expect(await second.exit()).toBe(3);
});

test.each(CLIENTS)(
  "%s exec -it has a terminal, a size and an exit code of its own, and other detach keys",
  async (name, open) => {
    const container = `${name}-exec`;
    await engine.dockerOutput("run", "-d", "--name", container, "busybox", "sleep", "1000");
    await using session = open("exec", "-it", "-e", "WORD=given", container, "sh");
    session.type("echo $WORD; stty size\n");
    await session.expect("given");
    await session.expect("24 80");
    session.type("exit 5\n");
    expect(await session.exit()).toBe(5);
    await using left = open("exec", "-it", "--detach-keys", "ctrl-a,d", container, "sh");
    left.type("echo read''y\n");
    await left.expect("ready");
    left.type("\x01d");
    await left.exit();
    expect(await engine.dockerOutput("top", container, "-o", "pid,comm")).toMatch(/\bsh$/m);
  },
);

/** A session's terminal has its size before anything runs there, however busy the machine is. */
test("programs that ask for the size at once are told it", async () => {
  await engine.dockerOutput("run", "-d", "--name", "sized", "busybox", "sleep", "1000");
  const ask = async (path: string, body: object): Promise<string> => {
    const options = { method: "POST", unix: engine.socketPath, body: JSON.stringify(body) };
    const answer = await fetch(`http://docker/v1.47${path}`, {
      ...options,
      headers: { "Content-Type": "application/json" },
    });
    return await answer.text();
  };
  const sizeOfSession = async (): Promise<string> => {
    const session = { AttachStdout: true, AttachStderr: true, Tty: true, Cmd: ["stty", "size"], ConsoleSize: [33, 77] };
    const { Id } = JSON.parse(await ask("/containers/sized/exec", session));
    return ask(`/exec/${Id}/start`, { Tty: true });
  };
  const told = await Promise.all(Array.from({ length: 30 }, sizeOfSession));
  expect(new Set(told)).toEqual(new Set(["33 77\r\n"]));
});

test.each(CLIENTS)("%s run -it passes ctrl-c to the program", async (_name, open) => {
  const script = "trap 'echo caught; exit 4' INT; echo up; while :; do usleep 10000; done";
  await using terminal = open("run", "-it", "--rm", "busybox", "sh", "-c", script);
  await terminal.expect("up");
  terminal.type("\x03");
  await terminal.expect("caught");
  expect(await terminal.exit()).toBe(4);
});

test.each(["docker", "tare"] as const)("%s run without a terminal passes signals on to the container", async (name) => {
  const container = `${name}-signal`;
  const script = "trap 'echo told; exit 9' TERM; echo up; while :; do usleep 10000; done";
  const argv = ["run", "--name", container, "busybox", "sh", "-c", script];
  const terminal = name === "docker" ? engine.dockerTerminal(...argv) : engine.tareTerminal(...argv);
  await terminal.expect("up");
  process.kill(terminal.pid, "SIGTERM");
  await terminal.expect("told");
  expect(await terminal.exit()).toBe(9);
});
