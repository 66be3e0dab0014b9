/** Bytes and stretches of files on their way into a socket, as chunks of HTTP/1.1; the files without a copy. */
import { closeSync, openSync } from "node:fs";
import { OwnedFd } from "../../kernel/fd.ts";
import type { Readiness } from "../readiness.ts";
import { type Patience, sendChunk } from "../socket-body.ts";
import type { Job } from "./protocol.ts";

type Send = Extract<Job, { kind: "send" }>;

export class SendJob {
  /** Settles once everything is closed. Rejects when the socket is gone, or this is canceled. */
  readonly finished: Promise<undefined>;
  #failure: Error | undefined;

  constructor(job: Send, readiness: Readiness) {
    this.finished = this.#run(job, { readiness, check: () => this.#check() }).then(() => undefined);
  }

  cancel(reason: Error): void {
    this.#failure = reason;
  }

  async #run({ fd, pieces }: Send, patience: Patience): Promise<void> {
    using socket = new OwnedFd(fd);
    for (const piece of pieces) {
      if ("path" in piece) await sendSlice(socket.fd, piece, patience);
      else if (piece.length > 0) await sendChunk(socket.fd, piece, patience);
      patience.check();
    }
  }

  #check(): void {
    if (this.#failure !== undefined) throw this.#failure;
  }
}

type Slice = Extract<Send["pieces"][number], { path: string }>;

async function sendSlice(socket: number, { path, offset, length }: Slice, patience: Patience): Promise<void> {
  if (length === 0) return;
  const file = openSync(path, "r");
  try {
    await sendChunk(socket, { file, start: offset, end: offset + length }, patience);
  } finally {
    closeSync(file);
  }
}
