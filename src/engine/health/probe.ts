/** One health probe: an exec session of the engine's own, with a time limit and the beginning of its output. */
import { mkdirSync, rmSync } from "node:fs";
import { nowRfc3339 } from "../../base/clock.ts";
import type { Duplex } from "../../base/duplex.ts";
import { formatDurationMs } from "../../base/duration.ts";
import { createId } from "../../base/ids.ts";
import { SIGKILL } from "../../base/signals.ts";
import { processStartTime } from "../../kernel/process.ts";
import type { HealthLogEntry } from "../../wire/container.ts";
import { demultiplex } from "../../wire/multiplex.ts";
import type { Container } from "../container/container.ts";
import type { EngineContext } from "../context.ts";
import type { MonitorHandle } from "../ports.ts";
import type { HealthPlan } from "./assess.ts";

const KEPT_OUTPUT_BYTES = 4096;
/** Docker's exit code of a probe that ran too long or could not run. */
const PROBE_FAILED = -1;

/** Never rejects: a probe that cannot run is a failed one. */
export async function probe(ctx: EngineContext, container: Container, plan: HealthPlan): Promise<HealthLogEntry> {
  const start = nowRfc3339();
  const dir = ctx.paths.exec(container.id, `health-${createId().slice(0, 12)}`);
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  try {
    const { exitCode, output } = await runProbe(ctx, container, plan, dir);
    return { Start: start, End: nowRfc3339(), ExitCode: exitCode, Output: output };
  } catch (error) {
    const { message, exitCode } = ctx.runtime.explain(error, "exec");
    return { Start: start, End: nowRfc3339(), ExitCode: exitCode === 128 ? PROBE_FAILED : exitCode, Output: message };
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

async function runProbe(
  ctx: EngineContext,
  container: Container,
  plan: HealthPlan,
  dir: string,
): Promise<{ exitCode: number; output: string }> {
  const monitor = spawnProbe(ctx, container, plan, dir);
  monitor.exited.catch(() => undefined);
  const output = monitor
    .attach({ stdin: false, stdout: true, stderr: true })
    .finally(() => monitor.release())
    .then(collect);
  output.catch(() => undefined);
  const { pid } = await monitor.started;
  const limit = killAfter(ctx, container, pid, plan.timeoutMs);
  const record = await monitor.exited;
  clearTimeout(limit.timer);
  if (limit.isOver()) {
    return { exitCode: PROBE_FAILED, output: tooLong(plan, await output) };
  }
  return { exitCode: record?.exitCode ?? PROBE_FAILED, output: await output };
}

/** What the probe said until then tells why it hung. */
function tooLong({ timeoutMs }: HealthPlan, output: string): string {
  const verdict = `Health check exceeded timeout (${formatDurationMs(timeoutMs)})`;
  return output === "" ? verdict : `${verdict}: ${output}`;
}

function spawnProbe(ctx: EngineContext, container: Container, plan: HealthPlan, dir: string): MonitorHandle {
  const { config, hostConfig } = container.spec;
  return ctx.runtime.exec(
    container.id,
    hostConfig.Runtime,
    { dir, terminal: false, stdin: false, stdinOnce: false, hold: true },
    {
      config,
      hostConfig,
      initPid: container.live?.pid ?? 0,
      args: plan.args,
      env: [],
      user: "",
      workingDir: "",
      terminal: false,
      privileged: false,
      consoleSize: undefined,
    },
  );
}

interface Limit {
  readonly timer: ReturnType<typeof setTimeout>;
  isOver(): boolean;
}

function killAfter(ctx: EngineContext, container: Container, pid: number, timeoutMs: number): Limit {
  const pidStart = processStartTime(pid) ?? 0;
  let over = false;
  const timer = setTimeout(() => {
    over = true;
    ctx.runtime.kill(container.id, { pid, pidStart }, SIGKILL);
  }, timeoutMs);
  return { timer, isOver: () => over };
}

async function collect(stream: Duplex): Promise<string> {
  const pieces: Uint8Array[] = [];
  let bytes = 0;
  for await (const { payload } of demultiplex(stream.readable)) {
    if (bytes < KEPT_OUTPUT_BYTES) pieces.push(payload.subarray(0, KEPT_OUTPUT_BYTES - bytes));
    bytes += payload.length;
  }
  return Buffer.concat(pieces).toString();
}
