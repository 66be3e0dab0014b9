/** Peers for clients that want another framing than the process's output has. */
import type { Duplex } from "../../base/duplex.ts";
import { FrameSplitter, frame } from "../../wire/multiplex.ts";

/** Takes Docker's frames and passes the bare bytes of both outputs on. */
export function demultiplexed(peer: Duplex): Duplex {
  const splitter = new FrameSplitter();
  return {
    readable: peer.readable,
    write: async (chunk) => {
      for (const { payload } of splitter.push(chunk)) await peer.write(payload);
    },
    end: () => peer.end(),
    close: () => peer.close(),
    closed: peer.closed,
  };
}

/** Takes a terminal's bytes and passes them on as frames of standard output. */
export function multiplexed(peer: Duplex): Duplex {
  return {
    readable: peer.readable,
    write: (chunk) => peer.write(frame(1, chunk)),
    end: () => peer.end(),
    close: () => peer.close(),
    closed: peer.closed,
  };
}
