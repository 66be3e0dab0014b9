/** A socket inside a RUN that leads to the client's ssh agent. */
import type { Duplex } from "../../../base/duplex.ts";
import { copy } from "../../../base/duplex.ts";
import { type SocketStream, type StreamData, streamHandlers } from "../../../base/socket-stream.ts";

/** Everything that connects is joined with a connection of its own, until the disposal. */
export function listenForAgent(path: string, connect: () => Promise<Duplex>): Disposable {
  const server = Bun.listen<StreamData>({
    unix: path,
    allowHalfOpen: true,
    socket: streamHandlers((stream) => void join(stream, connect)),
  });
  return { [Symbol.dispose]: () => server.stop(true) };
}

/** Never rejects: an agent that is gone ends the connection. */
async function join(local: SocketStream, connect: () => Promise<Duplex>): Promise<void> {
  try {
    const remote = await connect();
    const forth = copy(local.readable, remote).finally(() => remote.end());
    const back = copy(remote.readable, local).finally(() => local.end());
    await Promise.allSettled([forth, back]);
    remote.close();
  } finally {
    local.close();
  }
}
