import { afterAll, beforeAll, expect, test } from "bun:test";
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { RuntimeFailure, toRuntimeFailure } from "./failure.ts";
import { reconnectMonitor } from "./reconnect.ts";
import { readExitRecord, readFailure } from "./record.ts";
import { type MonitorSpawn, spawnMonitor } from "./spawn.ts";
import { parseStatus, statusLines } from "./status.ts";

const NATIVE = resolve(import.meta.dir, "../../../native");
const monitorPath = join(NATIVE, "build/tare-monitor");
const root = mkdtempSync(join(tmpdir(), "tare-monitors-"));
const runtime = join(root, "runtime");
let runs = 0;

beforeAll(async () => {
  expect(await Bun.spawn([join(NATIVE, "build.sh")], { stdio: ["ignore", "inherit", "inherit"] }).exited).toBe(0);
  // Starts its argument as a shell command that begins once this has ended.
  writeFileSync(
    runtime,
    `#!/bin/sh\nexec 3<&0; mkfifo gate\nsetsid sh -c 'read _ < gate; exec sh -c "$1"' sh "$1" <&3 3<&- &\necho $! > pid; exec 4> gate\n`,
  );
  chmodSync(runtime, 0o755);
});
afterAll(() => rmSync(root, { recursive: true }));

const PLAIN = {
  monitorPath,
  terminal: false,
  stdin: false,
  stdinOnce: false,
  hold: false,
  env: { PATH: "/usr/bin:/bin" },
};

function plan(command: string, more: Partial<MonitorSpawn> = {}): MonitorSpawn {
  const dir = join(root, String(runs++));
  mkdirSync(dir);
  return { ...PLAIN, dir, argv: [runtime, command], ...more };
}

async function textOf(source: AsyncIterable<Uint8Array>): Promise<string> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of source) chunks.push(chunk);
  return Buffer.concat(chunks).toString("latin1");
}

test("a process starts with its pid and ends with its exit code, which stands on record", async () => {
  const request = plan("exit 7");
  const monitor = spawnMonitor(request);
  expect((await monitor.started).pid).toBeGreaterThan(1);
  const record = await monitor.exited;
  expect(record).toMatchObject({ exitCode: 7, oomKilled: false });
  expect(readExitRecord(request.dir)).toEqual(record);
  expect(readFailure(request.dir)).toBeUndefined();
});

test("a runtime's failure rejects with its words, also later from the record, and is no exit", async () => {
  const words = JSON.stringify({ msg: 'exec: "x"\nnot found', level: "error", time: "" });
  const request = plan("", { argv: ["/bin/sh", "-c", `printf '%s\\n' '${words}' > runtime.log; exit 1`] });
  const monitor = spawnMonitor(request);
  const attached = monitor.attach({ stdin: false, stdout: true, stderr: true });
  attached.catch(() => undefined);
  await expect(monitor.started).rejects.toEqual(new RuntimeFailure('exec: "x"\nnot found'));
  expect(await monitor.exited).toBeUndefined();
  expect(readFailure(request.dir)?.message).toBe('exec: "x"\nnot found');
  expect(readExitRecord(request.dir)).toBeUndefined();
});

test("an attach before the start sees everything, in a directory deeper than a socket address reaches", async () => {
  const dir = join(root, "x".repeat(60), "y".repeat(60));
  mkdirSync(dir, { recursive: true });
  const monitor = spawnMonitor(plan("cat; echo end", { dir, stdin: true, stdinOnce: true, hold: true }));
  const stream = await monitor.attach({ stdin: true, stdout: true, stderr: false });
  monitor.release();
  monitor.release();
  await stream.write(Buffer.from("in\n"));
  stream.end();
  expect((await textOf(stream.readable)).replaceAll(/[^a-z\n]/g, "")).toBe("in\nend\n");
  expect((await monitor.exited)?.exitCode).toBe(0);
});

test("an attach to a monitor that cannot start anything is refused", async () => {
  const monitor = spawnMonitor(plan("", { argv: ["/nonexistent"] }));
  await expect(monitor.attach({ stdin: false, stdout: true, stderr: true })).rejects.toBeInstanceOf(RuntimeFailure);
});

test("a resize without a terminal is refused in the monitor's words", async () => {
  const monitor = spawnMonitor(plan("cat", { stdin: true, stdinOnce: true }));
  await monitor.started;
  await expect(monitor.resize(10, 20)).rejects.toThrow("the process has no terminal");
  (await monitor.attach({ stdin: true, stdout: false, stderr: false })).end();
  await monitor.exited;
});

test("a monitor found again knows the pid, serves clients, and tells the end", async () => {
  const request = plan("read line; exit $line", { stdin: true, stdinOnce: true });
  const { pid } = await spawnMonitor(request).started;
  const found = await reconnectMonitor(request.dir);
  expect(await found?.started).toEqual({ pid });
  found?.release();
  const stream = await found?.attach({ stdin: true, stdout: true, stderr: true });
  await stream?.write(Buffer.from("5\n"));
  expect((await found?.exited)?.exitCode).toBe(5);
  expect(await reconnectMonitor(request.dir)).toBeUndefined();
});

test("no monitor is found where there never was one", async () => {
  expect(await reconnectMonitor(join(root, "nowhere"))).toBeUndefined();
  expect(readExitRecord(join(root, "nowhere"))).toBeUndefined();
});

test("a monitor that is killed leaves neither a start nor an exit", async () => {
  const request = plan("read _", { stdin: true });
  const monitor = spawnMonitor(request);
  const { pid } = await monitor.started;
  const status = await Bun.file(`/proc/${pid}/status`).text();
  process.kill(Number(/^PPid:\t(\d+)$/m.exec(status)?.[1]), "SIGKILL");
  expect(await monitor.exited).toBeUndefined();
  expect(await reconnectMonitor(request.dir)).toBeUndefined();
});

test("a monitor that dies before the start rejects it", async () => {
  const request = plan("", { argv: ["/bin/sh", "-c", "kill -KILL $PPID"] });
  await expect(spawnMonitor(request).started).rejects.toThrow("the monitor died before the process ran");
});

test("a program that is not there throws", () => {
  expect(() => spawnMonitor(plan("", { monitorPath: "/nonexistent/monitor" }))).toThrow("/nonexistent/monitor");
});

test.each([
  ["listening", { at: "listening" }],
  ["started 42", { at: "started", pid: 42 }],
  ["failed a\\nb\\\\n\\r", { at: "failed", message: "a\nb\\n\r" }],
  ["failed ", { at: "failed", message: "" }],
  [
    "exited 137 1 2026-01-02T03:04:05.000000006Z",
    { at: "exited", record: { exitCode: 137, oomKilled: true, finishedAt: "2026-01-02T03:04:05.000000006Z" } },
  ],
  ["started 0", undefined],
  ["started x", undefined],
  ["exited 1 2 z", undefined],
  ["oom", { at: "oom" }],
  ["", undefined],
])("parseStatus() reads %p", (line, status) => {
  expect<unknown>(parseStatus(line)).toEqual(status);
});

test("statusLines() puts lines together from pieces and drops one that was cut off", async () => {
  async function* pieces(): AsyncGenerator<Uint8Array> {
    for (const text of ["list", "ening\nstart", "ed 7\nfailed caf\xc3", "\xa9\nexited 0 0 "])
      yield Buffer.from(text, "latin1");
  }
  expect(await Array.fromAsync(statusLines(pieces()))).toEqual([
    { at: "listening" },
    { at: "started", pid: 7 },
    { at: "failed", message: "café" },
  ]);
});

test.each([
  ["crun's and runc's JSON", '{"msg":"no `x`","level":"error","time":"t"}', "no `x`"],
  [
    "the last error, not a warning after it",
    '{"msg":"a","level":"error"}\n{"msg":"b","level":"error"}\n{"msg":"w","level":"warning"}',
    "b",
  ],
  ["a log whose beginning was cut off", 'ng","level":"error"}\n{"msg":"whole","level":"error"}', "whole"],
  ["plain text", "crun: unknown option\nTry --help\n", "crun: unknown option\nTry --help"],
  ["JSON that is no entry", '{"level":"error"}', '{"level":"error"}'],
])("toRuntimeFailure() understands %s", (_what, log, message) => {
  expect(toRuntimeFailure(log).message).toBe(message);
});
