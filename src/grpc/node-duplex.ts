/** Our byte streams as Node's, for its HTTP/2. */
import { Duplex as NodeDuplex } from "node:stream";
import type { Duplex } from "../base/duplex.ts";

export function toNodeDuplex(peer: Duplex): NodeDuplex {
  const incoming = peer.readable[Symbol.asyncIterator]();
  const duplex: NodeDuplex = new NodeDuplex({
    read: () => void pull(incoming, duplex),
    write: (chunk: Uint8Array, _encoding, done) => {
      peer.write(chunk).then(() => done(), done);
    },
    final: (done) => {
      peer.end();
      done();
    },
    destroy: (error, done) => {
      peer.close();
      done(error);
    },
  });
  void peer.closed.then(() => duplex.destroy());
  return duplex;
}

/** One chunk for each time that more is asked for. */
async function pull(incoming: AsyncIterator<Uint8Array>, duplex: NodeDuplex): Promise<void> {
  try {
    const { done, value } = await incoming.next();
    duplex.push(done === true ? null : value);
  } catch {
    duplex.destroy();
  }
}
