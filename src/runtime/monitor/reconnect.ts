/** Finding a monitor again after a restart of the engine. */
import { hasCode } from "../../base/errors.ts";
import type { SocketStream } from "../../base/socket-stream.ts";
import { connectMonitor } from "./connection.ts";
import { Monitor } from "./handle.ts";
import type { MonitorHandle } from "./types.ts";

/** Undefined when no monitor listens in `dir`: it has ended (then its record stands there), was killed, or never was. */
export async function reconnectMonitor(dir: string): Promise<MonitorHandle | undefined> {
  const stream = await watch(dir);
  const first = await stream?.readable[Symbol.asyncIterator]().next();
  // One that ends at this moment hangs up on whom it has not served; its record is written by then.
  if (stream === undefined || first?.value === undefined) return undefined;
  stream.unread(first.value);
  return new Monitor(dir, stream.readable);
}

async function watch(dir: string): Promise<SocketStream | undefined> {
  try {
    return await connectMonitor(dir, "watch");
  } catch (error) {
    if (hasCode(error, "ENOENT") || hasCode(error, "ECONNREFUSED") || hasCode(error, "ENOTDIR")) return undefined;
    throw error;
  }
}
