/** Running exec sessions: the monitor runs the process in the container and outlives the engine as well. */
import { mkdirSync, rmSync } from "node:fs";
import type { Duplex } from "../../base/duplex.ts";
import { type EngineError, messageOf } from "../../base/errors.ts";
import { SIGKILL } from "../../base/signals.ts";
import type { ExecStartRequest } from "../../wire/exec.ts";
import { frame } from "../../wire/multiplex.ts";
import type { Container } from "../container/container.ts";
import { parseDetachKeys } from "../container/detach-keys.ts";
import { type EngineContext, tell } from "../context.ts";
import * as messages from "../messages.ts";
import { withLinks } from "../network/links.ts";
import type { MonitorHandle } from "../ports.ts";
import { serveStreams } from "../serve-streams.ts";
import { checkRunning, toldCommand } from "./create.ts";
import type { ExecSession } from "./sessions.ts";

/** Of a process whose end nobody saw: its monitor was killed. */
export const LOST_EXIT_CODE = 128 + SIGKILL;

/** Why a session cannot be started once more. */
function refusalOf({ phase, id }: ExecSession): EngineError | undefined {
  if (phase.at === "created") return undefined;
  return phase.at === "exited" ? messages.execAlreadyRan(id) : messages.execAlreadyRunning(id);
}

export async function startDetached(
  ctx: EngineContext,
  session: ExecSession,
  container: Container,
  request: ExecStartRequest,
): Promise<void> {
  checkRunning(container);
  const refusal = refusalOf(session);
  if (refusal !== undefined) throw refusal;
  const monitor = beginExec(ctx, session, container, { consoleSize: request.ConsoleSize, hold: false });
  await settle(ctx, session, container, monitor);
}

export interface AttachedStart {
  readonly request: ExecStartRequest;
  /** Takes the connection over; from then on errors go into the stream, as Docker sends them. The process's terminal decides whether it is framed. */
  readonly hijack: () => Promise<Duplex>;
}

/** That the session was started before is told in the stream: Compose's watch starts each twice, and minds a refusal. */
export async function startAttached(
  ctx: EngineContext,
  session: ExecSession,
  container: Container,
  { request, hijack }: AttachedStart,
): Promise<void> {
  checkRunning(container);
  const beginning = beginAttached(ctx, session, container, request);
  beginning.catch(() => undefined);
  const peer = await hijack();
  try {
    const process = await beginning;
    const { Tty: tty, AttachStdin: stdin, DetachKeys: keys } = session.record.request;
    const end = await serveStreams({ peer, process, stdin, detachKeys: tty ? parseDetachKeys(keys) : undefined });
    if (end === "detached") tell(ctx, container, "exec_detach", { execID: session.id });
    else await session.ended;
    peer.end();
  } catch (error) {
    await endWith(peer, session, error);
  }
}

/** Spawns at once; resolves to the streams when the process runs. */
async function beginAttached(
  ctx: EngineContext,
  session: ExecSession,
  container: Container,
  { ConsoleSize: consoleSize }: ExecStartRequest,
): Promise<Duplex> {
  const refusal = refusalOf(session);
  if (refusal !== undefined) throw refusal;
  const { AttachStdin: stdin, AttachStdout: stdout, AttachStderr: stderr } = session.record.request;
  const monitor = beginExec(ctx, session, container, { consoleSize, hold: true });
  const attaching = monitor.attach({ stdin, stdout, stderr }).finally(() => monitor.release());
  attaching.catch(() => undefined);
  await settle(ctx, session, container, monitor);
  return attaching;
}

async function endWith(peer: Duplex, { record }: ExecSession, error: unknown): Promise<void> {
  const message = Buffer.from(`${messageOf(error)}\r\n`);
  await peer.write(record.request.Tty ? message : frame(1, message)).catch(() => undefined);
  peer.end();
}

interface SpawnOptions {
  readonly consoleSize: readonly [number, number] | null;
  readonly hold: boolean;
}

/** A session that cannot even be spawned has ended. */
function beginExec(
  ctx: EngineContext,
  session: ExecSession,
  container: Container,
  options: SpawnOptions,
): MonitorHandle {
  const { pid } = checkRunning(container);
  session.enter({ at: "starting" });
  try {
    return spawnExec(ctx, session, container, { ...options, initPid: pid });
  } catch (error) {
    endExec(ctx, session, container, ctx.runtime.explain(error, "exec").exitCode);
    throw error;
  }
}

function spawnExec(
  ctx: EngineContext,
  session: ExecSession,
  container: Container,
  { consoleSize, hold, initPid }: SpawnOptions & { readonly initPid: number },
): MonitorHandle {
  const { request } = session.record;
  const { hostConfig } = container.spec;
  const dir = ctx.paths.exec(container.id, session.id);
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  const size = consoleSize ?? request.ConsoleSize ?? undefined;
  const monitor = ctx.runtime.exec(
    container.id,
    hostConfig.Runtime,
    {
      dir,
      terminal: request.Tty,
      stdin: request.AttachStdin,
      stdinOnce: true,
      ...(size === undefined ? {} : { consoleSize: size }),
      hold,
    },
    {
      config: withLinks(ctx, container),
      hostConfig,
      initPid,
      args: request.Cmd,
      env: request.Env,
      user: request.User,
      workingDir: request.WorkingDir,
      terminal: request.Tty,
      privileged: request.Privileged,
      consoleSize: size,
    },
  );
  session.monitor = monitor;
  return monitor;
}

/** Resolves once the process runs; its end is recorded in the background. A failed start is recorded as its exit code. */
async function settle(
  ctx: EngineContext,
  session: ExecSession,
  container: Container,
  monitor: MonitorHandle,
): Promise<void> {
  try {
    const { pid } = await monitor.started;
    session.enter({ at: "running", pid });
    tell(ctx, container, `exec_start: ${toldCommand(session.record.request)}`, { execID: session.id });
    session.ended = watchEnd(ctx, session, container);
  } catch (error) {
    const failure = ctx.runtime.explain(error, "exec");
    endExec(ctx, session, container, failure.exitCode);
    throw messages.startFailed(failure, error);
  }
}

/** Never rejects. Also for a session that was found again after a restart of the engine. */
export async function watchEnd(ctx: EngineContext, session: ExecSession, container: Container): Promise<void> {
  const record = await session.monitor?.exited;
  try {
    endExec(ctx, session, container, record?.exitCode ?? LOST_EXIT_CODE);
  } catch (error) {
    ctx.log.error("exec.end.failed", { exec: session.id, error: messageOf(error) });
  }
}

export function endExec(ctx: EngineContext, session: ExecSession, container: Container, exitCode: number): void {
  session.monitor = undefined;
  const ran = session.phase.at === "running" ? { pid: session.phase.pid } : {};
  if (ctx.registry.byId(container.id) === container) session.enter({ at: "exited", exitCode, ...ran });
  rmSync(ctx.paths.exec(container.id, session.id), { recursive: true, force: true });
  tell(ctx, container, "exec_die", { execID: session.id, exitCode: String(exitCode) });
  ctx.execs.forgetLater(container, session);
}
