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
      const teller = new Teller((bytes) => send({ type: "stored", id, bytes }));
      for (let bytes = 0; ; ) {
        teller.reached(bytes);
        const { done, value } = await pieces.next();
        if (done === true) {
          teller.end(bytes);
          return value;
        }
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

const TELL_EVERY_BYTES = 1024 * 1024;
const TELL_EVERY_MS = 20;

/** Tells of the beginning and the end, and in between as often as a reader needs to keep up. */
class Teller {
  readonly #tell: (bytes: number) => void;
  #told = -TELL_EVERY_BYTES;
  #toldAt = 0;

  constructor(tell: (bytes: number) => void) {
    this.#tell = tell;
  }

  reached(bytes: number): void {
    const isSoon = performance.now() - this.#toldAt < TELL_EVERY_MS;
    if (isSoon && bytes - this.#told < TELL_EVERY_BYTES) return;
    this.#told = bytes;
    this.#toldAt = performance.now();
    this.#tell(bytes);
  }

  end(bytes: number): void {
    if (bytes !== this.#told) this.#tell(bytes);
  }
}

function writeAll(file: number, bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length; ) at += writeSync(file, bytes, at);
}
