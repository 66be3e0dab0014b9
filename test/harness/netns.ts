/** Network namespaces of a test's own, with sockets of this process in them. */

import { hasCode } from "../../src/base/errors.ts";
import { openPath } from "../../src/kernel/at.ts";
import type { OwnedFd } from "../../src/kernel/fd.ts";
import { setLink } from "../../src/kernel/netlink/link.ts";
import { NetlinkSocket } from "../../src/kernel/netlink/socket.ts";
import { createNetns, currentNetns, inNetns } from "../../src/kernel/netns.ts";
import { O } from "../../src/kernel/open-flags.ts";

const LOOPBACK_INDEX = 1;
const TIMEOUT_MS = 5000;

export interface Asker {
  readonly protocol: "udp" | "tcp";
  readonly port: number;
}

/** What a server says to a query: nothing, an answer, or several. */
export type Answerer = (query: Buffer, asker: Asker) => readonly Buffer[];

/** Gone on disposal, unless something else holds it. */
export class TestNetns implements Disposable {
  readonly #home = currentNetns();
  readonly #netns: OwnedFd;
  readonly #undo = new DisposableStack();

  /** A new one, or that of a process or path. */
  constructor(which?: number | string) {
    const path = typeof which === "number" ? `/proc/${which}/ns/net` : which;
    this.#netns = path === undefined ? newNetns(this.#home) : openPath(path, O.RDONLY);
  }

  /** Any process of root can open it. */
  get path(): string {
    return `/proc/${process.pid}/fd/${this.#netns.fd}`;
  }

  /** Runs what must not wait for anything inside. */
  inside<T>(step: () => T): T {
    return inNetns(this.#netns, this.#home, step);
  }

  /** A DNS server on an address, by UDP and TCP. */
  async serve(address: string, answer: Answerer): Promise<void> {
    const udp = await this.inside(() =>
      Bun.udpSocket({
        hostname: address,
        port: 53,
        socket: {
          data(socket, query, port, peer) {
            for (const reply of answer(Buffer.from(query), { protocol: "udp", port })) {
              try {
                socket.send(reply, port, peer);
              } catch (error) {
                unlessGone(error);
              }
            }
          },
          error: () => undefined, // That of a late answer comes here, too.
        },
      }),
    );
    this.#undo.defer(() => udp.close());
    const tcp = this.inside(() =>
      Bun.listen({
        hostname: address,
        port: 53,
        socket: {
          data(socket, chunk) {
            const asker: Asker = { protocol: "tcp", port: socket.remotePort };
            for (const reply of answer(Buffer.from(chunk.subarray(2)), asker)) socket.write(framed(reply));
          },
        },
      }),
    );
    this.#undo.defer(() => tcp.stop(true));
  }

  /** Sends by UDP, again and again where that is wanted, and resolves to the first answer. */
  async ask(query: Buffer, server = "127.0.0.11", againMs?: number): Promise<Buffer> {
    const answered = Promise.withResolvers<Buffer>();
    const socket = await this.inside(() =>
      Bun.udpSocket({
        connect: { hostname: server, port: 53 },
        socket: {
          data: (_, reply) => answered.resolve(Buffer.from(reply)),
          error: () => answered.reject(new Error("nobody listens")),
        },
      }),
    );
    const send = (): void => void socket.send(query);
    send();
    const again = againMs === undefined ? undefined : setInterval(send, againMs);
    return within(answered.promise, () => {
      clearInterval(again);
      socket.close();
    });
  }

  /** Sends all by one TCP connection and resolves to as many answers, in the order of their arrival. */
  async askByTcp(queries: readonly Buffer[], server = "127.0.0.11"): Promise<Buffer[]> {
    const answered = Promise.withResolvers<Buffer[]>();
    const answers: Buffer[] = [];
    let bytes = Buffer.alloc(0);
    const socket = await this.inside(() =>
      Bun.connect({
        hostname: server,
        port: 53,
        socket: {
          data(_, chunk) {
            bytes = Buffer.concat([bytes, chunk]);
            while (bytes.length >= 2 && bytes.length >= 2 + bytes.readUInt16BE(0)) {
              answers.push(bytes.subarray(2, 2 + bytes.readUInt16BE(0)));
              bytes = bytes.subarray(2 + bytes.readUInt16BE(0));
            }
            if (answers.length >= queries.length) answered.resolve(answers);
          },
          close: () => answered.resolve(answers),
        },
      }),
    );
    socket.write(Buffer.concat(queries.map(framed)));
    return within(answered.promise, () => socket.end());
  }

  [Symbol.dispose](): void {
    this.#undo.dispose();
    this.#netns.close();
    this.#home.close();
  }
}

function newNetns(home: OwnedFd): OwnedFd {
  return createNetns(home, () => {
    using inside = new NetlinkSocket();
    inside.send(setLink(LOOPBACK_INDEX, { up: true }));
  });
}

export function framed(message: Buffer): Buffer {
  const length = Buffer.alloc(2);
  length.writeUInt16BE(message.length);
  return Buffer.concat([length, message]);
}

/** Who had an answer already has closed its port. */
function unlessGone(error: unknown): void {
  if (!hasCode(error, "ECONNREFUSED")) throw error;
}

async function within<T>(answer: Promise<T>, done: () => void): Promise<T> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => late.reject(new Error("no answer")), TIMEOUT_MS);
  try {
    return await Promise.race([answer, late.promise]);
  } finally {
    clearTimeout(timer);
    done();
  }
}
