/** Stopping: the stop signal, a grace period, SIGKILL. The intent is recorded first, so that no restart policy fights it. */
import { SIGKILL, signalNumber } from "../../base/signals.ts";
import { type EngineContext, tell } from "../context.ts";
import * as messages from "../messages.ts";
import type { Container } from "./container.ts";
import { signalContainer, stopSignal } from "./signal.ts";
import { startContainer } from "./start.ts";

const DEFAULT_GRACE_SEC = 10;
/** setTimeout takes 31 bits of milliseconds. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

export interface StopOptions {
  readonly signal: string | undefined;
  /** Undefined is the container's own, negative waits for ever. */
  readonly timeoutSec: number | undefined;
}

export async function stopContainer(ctx: EngineContext, container: Container, options: StopOptions): Promise<void> {
  const signal = options.signal ? signalNumber(options.signal) : stopSignal(container);
  if (signal === undefined) throw messages.invalidSignal(options.signal ?? "");
  if (await forbidRestarts(ctx, container)) {
    const timeoutSec = options.timeoutSec ?? container.spec.config.StopTimeout ?? DEFAULT_GRACE_SEC;
    await stopLive(ctx, container, { signal, timeoutSec });
  }
  tell(ctx, container, "stop");
}

/** Comes after any start that is under way. Between two runs there is nothing to signal: then the restart is called off, and false returned. */
async function forbidRestarts(ctx: EngineContext, container: Container): Promise<boolean> {
  using _held = await ctx.locks.acquire(container.id);
  if (container.phase.at === "restarting") {
    container.cancelRestart?.();
    container.update({ phase: { at: "exited" }, stopRequested: true });
    container.tellExit();
    return false;
  }
  if (container.live === undefined) throw messages.alreadyStopped();
  container.update({ stopRequested: true });
  return true;
}

interface StopNow {
  readonly signal: number;
  readonly timeoutSec: number;
}

async function stopLive(ctx: EngineContext, container: Container, { signal, timeoutSec }: StopNow): Promise<void> {
  const ended = container.runEnded;
  const sent = await signalContainer(ctx, container, signal);
  if (sent && container.phase.at === "paused") await ctx.runtime.resume(container.id, container.spec.hostConfig);
  if (!sent || (await endsWithin(ended, timeoutSec))) return ended;
  await signalContainer(ctx, container, SIGKILL);
  await ended;
}

async function endsWithin(ended: Promise<void>, timeoutSec: number): Promise<boolean> {
  if (timeoutSec < 0) return ended.then(() => true);
  const { promise: late, resolve } = Promise.withResolvers<boolean>();
  const timer = setTimeout(resolve, Math.min(timeoutSec * 1000, LONGEST_TIMER_MS), false);
  try {
    return await Promise.race([ended.then(() => true), late]);
  } finally {
    clearTimeout(timer);
  }
}

/** Stop, if it is up, and start. An auto-removed container is kept for the start. */
export async function restartContainer(ctx: EngineContext, container: Container, options: StopOptions): Promise<void> {
  if (options.signal && signalNumber(options.signal) === undefined) throw messages.invalidSignal(options.signal);
  if (container.isUp) await stopContainer(ctx, container, options);
  await startContainer(ctx, container);
  tell(ctx, container, "restart");
}
