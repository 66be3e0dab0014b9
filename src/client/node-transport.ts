/** Duplex over a node:net socket; loaded on Node only, since the import alone takes longer than most of our commands. */
import { createConnection, type Socket } from "node:net";
import type { Duplex } from "../base/duplex.ts";

/** Rejects with ENOENT or ECONNREFUSED when nobody listens. */
export function connectUnixOnNode(path: string): Promise<Duplex> {
  return new Promise((resolve, reject) => {
    const socket = createConnection({ path, allowHalfOpen: true });
    socket.once("error", reject);
    socket.once("connect", () => {
      socket.off("error", reject);
      resolve(overSocket(socket));
    });
  });
}

function overSocket(socket: Socket): Duplex {
  // Reading and writing report the failure; without a listener it would end the process as well.
  socket.on("error", () => undefined);
  return {
    readable: socket,
    write: (chunk) =>
      new Promise((done, fail) => {
        socket.write(chunk, (error) => (error ? fail(error) : done()));
      }),
    end: () => void socket.end(),
    close: () => void socket.destroy(),
    closed: new Promise((resolve) => {
      socket.once("close", () => resolve());
    }),
  };
}
