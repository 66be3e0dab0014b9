/** Signals to a container's init, by pid and start time, so that a reused pid is never hit. */
import { SIGKILL, SIGTERM, signalNumber } from "../../base/signals.ts";
import { type EngineContext, tell } from "../context.ts";
import * as messages from "../messages.ts";
import type { Container } from "./container.ts";

/** Sends and tells it; false when nothing runs any more. A paused container is woken by SIGKILL, which freezing would hold back. */
export async function signalContainer(ctx: EngineContext, container: Container, signal: number): Promise<boolean> {
  const { live } = container;
  if (live === undefined) return false;
  const sent = ctx.runtime.kill(container.id, live, signal);
  if (signal === SIGKILL && container.phase.at === "paused")
    await ctx.runtime.resume(container.id, container.spec.hostConfig);
  if (sent) tell(ctx, container, "kill", { signal: String(signal) });
  return sent;
}

export interface KillRequest {
  /** The reference as the client wrote it, for the messages. */
  readonly ref: string;
  /** "" is KILL. */
  readonly signal: string;
}

/** POST kill. The stop signal and KILL also end its restarts, as if it had been stopped. */
export async function killContainer(
  ctx: EngineContext,
  container: Container,
  { ref, signal: text }: KillRequest,
): Promise<void> {
  const signal = text === "" ? SIGKILL : signalNumber(text);
  if (signal === undefined) throw messages.invalidSignal(text);
  // A start that is under way comes to its end first.
  (await ctx.locks.acquire(container.id))[Symbol.dispose]();
  if (container.live === undefined) throw messages.notKillable(ref, container.id);
  if (signal === SIGKILL || signal === stopSignal(container)) container.update({ stopRequested: true });
  const ended = container.runEnded;
  if (!(await signalContainer(ctx, container, signal))) throw messages.notKillable(ref, container.id);
  if (signal === SIGKILL) await ended;
}

/** The container's own stop signal; TERM when the configuration names none. */
export function stopSignal(container: Container): number {
  return signalNumber(container.spec.config.StopSignal ?? "") ?? SIGTERM;
}
