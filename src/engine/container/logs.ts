/** A container's log, from its files. */
import { type LogsOptions, readLogs } from "../../runtime/logs/read.ts";
import type { EngineContext } from "../context.ts";
import * as messages from "../messages.ts";
import type { Container } from "./container.ts";

export type { LogsOptions };

/** Throws at once when nothing is logged. Bytes are multiplexed unless the container has a terminal. */
export function readContainerLogs(
  ctx: EngineContext,
  container: Container,
  options: LogsOptions,
  signal: AbortSignal,
): AsyncIterable<Uint8Array> {
  if (container.spec.hostConfig.LogConfig.Type === "none") throw messages.logDriverUnreadable();
  const follow = options.follow && container.isUp;
  const ended = follow ? endOfLog(container) : Promise.resolve();
  return readLogs(ctx.paths.log(container.id), { ...options, follow, tty: container.spec.config.Tty, ended }, signal);
}

/** Resolves when the container is down for good: a restart in between goes on in the same log. */
function endOfLog(container: Container): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const check = (): void => {
    if (container.phase.at === "restarting") container.onExit(check);
    else resolve();
  };
  container.onExit(check);
  return promise;
}
