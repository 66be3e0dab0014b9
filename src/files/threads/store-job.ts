/** The body of an HTTP message on its way from a socket into a new file. */
import { closeSync, openSync, writeSync } from "node:fs";
import { TarError } from "../../base/tar/entry.ts";
import { OwnedFd } from "../../kernel/fd.ts";
import type { Readiness } from "../readiness.ts";
import { receiveBody } from "../socket-body.ts";
import type { FromThread, Job } from "./protocol.ts";

type Store = Extract<Job, { kind: "store" }>;

export interface StoreTools {
  readonly send: (message: FromThread) => void;
  readonly readiness: Readiness;
}

export class StoreJob {
  /** What was received beyond the body, once everything is closed. Rejects beyond the bound with a TarError, and when this is canceled. */
  readonly finished: Promise<Uint8Array>;
  #failure: Error | undefined;

  constructor(id: number, job: Store, tools: StoreTools) {
    this.finished = this.#run(id, job, tools);
  }

  cancel(reason: Error): void {
    this.#failure = reason;
  }

  async #run(id: number, { path, maxBytes, body }: Store, { send, readiness }: StoreTools): Promise<Uint8Array> {
    using _socket = new OwnedFd(body.fd);
    const file = openSync(path, "wx", 0o600);
    try {
      const pieces = receiveBody(body, { readiness, check: () => this.#check() });
      for (let bytes = 0; ; ) {
        send({ type: "stored", id, bytes });
        const { done, value } = await pieces.next();
        if (done === true) return value;
        bytes += value.length;
        if (bytes > maxBytes) throw new TarError(`archive is larger than ${maxBytes} bytes`);
        writeAll(file, value);
      }
    } finally {
      closeSync(file);
    }
  }

  #check(): void {
    if (this.#failure !== undefined) throw this.#failure;
  }
}

function writeAll(file: number, bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length; ) at += writeSync(file, bytes, at);
}
