/** Two ends of one connection in this process, and what a server's connection would lend of them. */
import { join } from "node:path";
import type { LentBody } from "../../src/base/lent-socket.ts";
import { connectUnix, type SocketStream, type StreamData, streamHandlers } from "../../src/base/socket-stream.ts";

export interface SocketPair extends AsyncDisposable {
  readonly near: SocketStream;
  readonly far: SocketStream;
}

/** `dir`: where the socket is, one at a time. */
export async function socketPair(dir: string): Promise<SocketPair> {
  const accepted = Promise.withResolvers<SocketStream>();
  const path = join(dir, "socket");
  const listener = Bun.listen<StreamData>({
    unix: path,
    allowHalfOpen: true,
    socket: streamHandlers(accepted.resolve),
  });
  const near = await connectUnix(path);
  const far = await accepted.promise;
  return {
    near,
    far,
    [Symbol.asyncDispose]: async () => {
      near.close();
      far.close();
      listener.stop(true);
    },
  };
}

/** A chunked body that comes to `far`. `outcomes` hears how the loan ended. */
export function lendChunked(far: SocketStream, outcomes: unknown[]): LentBody {
  const { fd, suspend } = far.lending;
  const arrived = Buffer.concat(suspend());
  const giveBack = (rest: unknown): void => void outcomes.push(rest);
  return { fd, gone: far.closed, arrived, framing: { kind: "chunked" }, giveBack };
}
