import { afterEach, beforeEach, expect, test } from "bun:test";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { nullLogger } from "../base/log.ts";
import { ScratchHost } from "./firewall/scratch-host.ts";
import type { PublishedPort } from "./ports/published-port.ts";
import { Relay } from "./ports/relay.ts";

const program = resolve(import.meta.dir, "../../native/build/tare-relay");

let stack: AsyncDisposableStack;
let dir: string;

beforeEach(() => {
  stack = new AsyncDisposableStack();
  dir = mkdtempSync(join(tmpdir(), "tare-helper-"));
  stack.defer(() => rmSync(dir, { recursive: true }));
  stack.use(new ScratchHost());
});

afterEach(() => stack.disposeAsync());

/** As one engine of several that follow each other has it. */
const newRelay = (): Relay => new Relay({ program: { path: program, dir }, log: nullLogger });

const port = (hostPort: number): PublishedPort => {
  return { hostIp: "127.0.0.1", hostPort, protocol: "tcp", containerIp: "10.1.0.2", containerPort: 80, bridge: "br1" };
};

const processes = (): number[] =>
  readdirSync("/proc").flatMap((pid) => (/^\d+$/.test(pid) && commandOf(pid).includes(dir) ? [Number(pid)] : []));

function commandOf(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8");
  } catch {
    return "";
  }
}

test("who wants a process while that of a dead engine is sent away gets one that stays", async () => {
  for (let round = 0; round < 20; round++) {
    const dead = newRelay();
    await dead.open([port(8000)]);
    await dead.stop();
    const relay = newRelay();
    await Promise.all([relay.start(), relay.open([port(8001)])]);
    expect(processes()).toHaveLength(1);
    relay.close([port(8001)]);
    await relay.stop();
  }
});

test("a process that dies under a request is replaced, and its successor asked", async () => {
  const relay = newRelay();
  await relay.open([port(8000)]);
  const [pid = 0] = processes();
  process.kill(pid, "SIGSTOP");
  const opened = relay.open([port(8001)]);
  process.kill(pid, "SIGKILL");
  await opened;
  // Nobody else gets what the first and the second have asked for.
  for (const taken of [8000, 8001]) {
    expect(() => Bun.listen({ hostname: "127.0.0.1", port: taken, socket: { data: () => undefined } })).toThrow();
  }
  relay.close([port(8000), port(8001)]);
  await relay.stop();
  expect(processes()).toEqual([]);
});
