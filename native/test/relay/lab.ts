/** A real relay, with servers that stand for containers and clients that stand for the world, in one namespace. */
import type { Socket } from "bun";
import { type Build, build } from "../harness.ts";
import { ServiceLab } from "../service-lab.ts";

export class RelayLab extends ServiceLab {
  static async start(kind: Build): Promise<RelayLab> {
    await build(kind);
    const lab = new RelayLab(kind, "tare-relay");
    await lab.ready();
    return lab;
  }

  connectTo(hostname: string, port: number): Promise<Peer> {
    const opened = Promise.withResolvers<Peer>();
    this.host
      .inside(() => Bun.connect({ hostname, port, allowHalfOpen: true, socket: handlers(opened.resolve) }))
      .catch(opened.reject);
    return opened.promise;
  }

  /** A server on 127.0.0.2; returns its connections as they come. */
  listen(port: number): Acceptor {
    const acceptor = new Acceptor();
    const socket = handlers((peer) => acceptor.add(peer));
    acceptor.listener = this.host.inside(() =>
      Bun.listen({ hostname: "127.0.0.2", port, allowHalfOpen: true, socket }),
    );
    return acceptor;
  }

  /** A program in the relay's namespace. */
  spawn(...command: readonly string[]): Bun.Subprocess<"ignore", "pipe", "inherit"> {
    return Bun.spawn(["nsenter", `--net=${this.host.path}`, ...command], { stdin: "ignore", stdout: "pipe" });
  }
}

export class Acceptor {
  listener: Bun.TCPSocketListener<{ peer: Peer }> | undefined;
  readonly #peers: Peer[] = [];
  #wake: (() => void) | undefined;

  add(peer: Peer): void {
    this.#peers.push(peer);
    this.#wake?.();
  }

  stop(): void {
    this.listener?.stop(true);
  }

  async next(): Promise<Peer> {
    for (;;) {
      const peer = this.#peers.shift();
      if (peer !== undefined) return peer;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }
}

type PeerSocket = Socket<{ peer: Peer }>;

/** One end of a TCP connection: what it was told, and when it ended. */
export class Peer {
  readonly #socket: PeerSocket;
  readonly #ended = Promise.withResolvers<void>();
  #text = "";
  #wake: (() => void) | undefined;

  constructor(socket: PeerSocket) {
    this.#socket = socket;
  }

  /** All that came so far, once it is at least so much. */
  async read(characters: number): Promise<string> {
    while (this.#text.length < characters) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    return this.#text;
  }

  /** The other side has said its last word, or is gone. */
  get ended(): Promise<void> {
    return this.#ended.promise;
  }

  write(text: string): void {
    this.#socket.write(text);
  }

  /** No more from here; the other side may go on. */
  shutdown(): void {
    this.#socket.shutdown();
  }

  /** At once, as one whose process was killed. */
  reset(): void {
    this.#socket.terminate();
  }

  take(chunk: Buffer): void {
    this.#text += chunk.toString();
    this.#wake?.();
  }

  end(): void {
    this.#ended.resolve();
  }
}

const handlers = (opened: (peer: Peer) => void) => ({
  open: (socket: PeerSocket): void => {
    const peer = new Peer(socket);
    socket.data = { peer };
    opened(peer);
  },
  data: (socket: PeerSocket, chunk: Buffer): void => socket.data.peer.take(chunk),
  end: (socket: PeerSocket): void => socket.data.peer.end(),
  close: (socket: PeerSocket): void => socket.data.peer.end(),
  error: (socket: PeerSocket): void => socket.data.peer.end(),
});
