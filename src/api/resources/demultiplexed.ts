/** A peer that takes Docker's frames and passes their payload on, for clients that want the bare bytes of both outputs. */
import type { Duplex } from "../../base/duplex.ts";
import { FrameSplitter } from "../../wire/multiplex.ts";

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
