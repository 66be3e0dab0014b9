/** How a client reaches the engine's unix socket: Bun's sockets on Bun, node:net on Node. */
import type { Duplex } from "../base/duplex.ts";
import { connectUnix } from "../base/socket-stream.ts";

/** Opens one connection. Rejects with ENOENT or ECONNREFUSED when nobody listens. */
export type Connect = () => Promise<Duplex>;

export function unixTransport(path: string): Connect {
  if (typeof Bun !== "undefined") return () => connectUnix(path);
  return async () => {
    const { connectUnixOnNode } = await import("./node-transport.ts");
    return connectUnixOnNode(path);
  };
}
