/** A real relay, with servers that stand for containers and clients that stand for the world, in one namespace. */
import type { Socket } from "bun";
import type { TestNetns } from "../../../test/harness/netns.ts";
import { type Build, build } from "../harness.ts";
import { ServiceLab } from "../service-lab.ts";

export class RelayLab extends ServiceLab {
  static async start(kind: Build): Promise<RelayLab> {
    await build(kind);
    const lab = new RelayLab(kind, "tare-relay");
    await lab.ready();
    return lab;
  }
}

/** One end of a TCP connection: what it was told, and when it ended. */
export class Peer {
  readonly #socket: Socket<Peer>;
  readonly #chunks: Buffer[] = [];
  readonly #ended = Promise.withResolvers<void>();
  #wake: (() => void) | undefined;

  constructor(socket: Socket<Peer>) {
    this.#socket = socket;
  }

  static readonly handlers = {
    open: (socket: Socket<Peer>): void => {
      socket.data ??= new Peer(socket);
    },
    data: (socket: Socket<Peer>, chunk: Buffer): void => socket.data.#take(chunk),
    end: (socket: Socket<Peer>): void => socket.data.#ended.resolve(),
    close: (socket: Socket<Peer>): void => socket.data.#ended.resolve(),
    error: (socket: Socket<Peer>): void => socket.data?.#ended.resolve(),
  };

  /** All that came so far, once it is at least so many bytes. */
  async read(bytes: number): Promise<Buffer> {
    while (Buffer.concat(this.#chunks).length < bytes) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    return Buffer.concat(this.#chunks);
  }

  /** The other side has said its last word, or is gone. */
  get ended(): Promise<void> {
    return this.#ended.promise;
  }

  write(data: string | Uint8Array): number {
    return this.#socket.write(data);
  }

  /** No more from here; the other side may go on. */
  shutdown(): void {
    this.#socket.shutdown();
  }

  /** At once, as one whose process was killed. */
  reset(): void {
    this.#socket.terminate();
  }

  #take(chunk: Buffer): void {
    this.#chunks.push(Buffer.from(chunk));
    this.#wake?.();
  }
}
