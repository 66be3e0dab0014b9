/**
 * SECURITY row 25, memory of exec and attach (CVE-2022-31030, CVE-2022-1708, CVE-2022-23471, CVE-2025-64329): output that nobody takes waits in
 * the container, and who connects and leaves is forgotten. The process's memory and descriptors are looked at from outside.
 */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { readdirSync, readFileSync } from "node:fs";
import type { Socket } from "bun";
import { TestEngine } from "../harness/engine.ts";
import { eventually } from "../harness/eventually.ts";
import { ensureBusybox } from "../harness/images.ts";
import { output } from "../harness/process.ts";
import { post } from "./client.ts";

const MIB = 1024 * 1024;
/** Two GiB are far more than could hide in a buffer, and take a few seconds. */
const FLOOD_BYTES = 2048 * MIB;
/** More than what a collected heap breathes by, which is about 50 MiB at 700 MB/s. */
const GROWTH_BYTES = 128 * MIB;
/** A leak of one descriptor, or of 64 KiB, a time would show. */
const CYCLES = 2000;

let engine: TestEngine;
let id: string;

beforeAll(async () => {
  engine = await TestEngine.start();
  await ensureBusybox(engine.dockerEnv());
  id = await engine.dockerOutput("run", "-d", "busybox", "sh", "-c", "while true; do echo tick; sleep 0.01; done");
});
afterAll(async () => {
  await engine[Symbol.asyncDispose]();
});

/** 0 when the process has ended. */
function residentBytes(pid: number): number {
  try {
    return Number(/^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1] ?? 0) * 1024;
  } catch {
    return 0;
  }
}

const descriptors = (pid: number): number => readdirSync(`/proc/${pid}/fd`).length;

async function monitorOf(directory: string): Promise<number> {
  return Number(await output(["pgrep", "-f", `tare-monitor --dir ${engine.run}/containers/${directory}`]));
}

interface Hijacked {
  readonly socket: Socket;
  /** Bytes that came after the response's head. */
  received(): number;
  readonly closed: Promise<void>;
}

/** Opens a stream as a client would and resolves at the response's head. */
async function hijack(path: string, body: string): Promise<Hijacked> {
  const head = Promise.withResolvers<void>();
  const closed = Promise.withResolvers<void>();
  let received = -1;
  const socket = await Bun.connect({
    unix: engine.socketPath,
    socket: {
      data: (_socket, bytes) => {
        if (received >= 0) {
          received += bytes.length;
          return;
        }
        const end = bytes.indexOf("\r\n\r\n");
        expect(bytes.toString("latin1", 0, end)).toStartWith("HTTP/1.1 101 ");
        received = bytes.length - end - 4;
        head.resolve();
      },
      close: () => closed.resolve(),
    },
  });
  const headers = "Host: engine\r\nConnection: Upgrade\r\nUpgrade: tcp\r\nContent-Type: application/json";
  socket.write(`POST /v1.47${path} HTTP/1.1\r\n${headers}\r\nContent-Length: ${body.length}\r\n\r\n${body}`);
  await head.promise;
  return { socket, received: () => received, closed: closed.promise };
}

test("two gigabytes of a session's output to a client that stops reading cost no memory", async () => {
  const command = ["dd", "if=/dev/zero", "bs=1M", `count=${FLOOD_BYTES / MIB}`];
  const created = await post(engine, `/containers/${id}/exec`, {
    Cmd: command,
    AttachStdout: true,
    AttachStderr: true,
  });
  const { Id } = JSON.parse(await created.text());
  const client = await hijack(`/exec/${Id}/start`, JSON.stringify({ Detach: false, Tty: false }));
  const monitor = await monitorOf(`${id}/exec/${Id}`);
  await eventually(async () => client.received() >= FLOOD_BYTES / 8);
  const before = residentBytes(engine.pid);
  let mostEngine = 0;
  let mostMonitor = 0;
  const watch = (): void => {
    mostEngine = Math.max(mostEngine, residentBytes(engine.pid));
    mostMonitor = Math.max(mostMonitor, residentBytes(monitor));
  };
  // The client reads nothing at all for a while, and the session has to wait.
  for (let pause = 0; pause < 3; pause++) {
    client.socket.pause();
    const stalled = client.received();
    await Bun.sleep(1000);
    watch();
    expect(client.received()).toBe(stalled);
    client.socket.resume();
    await eventually(async () => client.received() >= Math.min(stalled + 64 * MIB, FLOOD_BYTES));
    watch();
  }
  const poll = setInterval(watch, 50);
  await eventually(async () => client.received() >= FLOOD_BYTES);
  clearInterval(poll);
  await client.closed;
  expect(client.received()).toBeGreaterThan(FLOOD_BYTES);
  expect(mostEngine - before).toBeLessThan(GROWTH_BYTES);
  expect(mostMonitor).toBeLessThan(4 * MIB);
});

test(`${CYCLES} clients that attach and vanish leave nothing in the engine or the monitor`, async () => {
  const monitor = await monitorOf(`${id} `);
  const cycle = async (): Promise<void> => {
    const client = await hijack(`/containers/${id}/attach?stream=1&stdout=1&stderr=1`, "");
    client.socket.terminate();
    await client.closed;
  };
  const rounds = async (count: number): Promise<void> => {
    for (let done = 0; done < count; done += 10) await Promise.all(Array.from({ length: 10 }, cycle));
  };
  await rounds(CYCLES / 5);
  const before = [engine.pid, monitor].map((pid) => [residentBytes(pid), descriptors(pid)] as const);
  await rounds(CYCLES);
  for (const [at, pid] of [engine.pid, monitor].entries()) {
    const [bytes, open] = before[at] ?? [0, 0];
    // That somebody has gone is noticed in its turn.
    await eventually(async () => descriptors(pid) <= open + 10);
    expect(residentBytes(pid) - bytes).toBeLessThan(GROWTH_BYTES);
  }
  expect(await engine.dockerOutput("inspect", "-f", "{{.State.Running}}", id)).toBe("true");
});
