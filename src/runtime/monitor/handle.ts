/** A live monitor as its status lines tell it. Invariant: every promise settles once the lines have ended. */
import type { Duplex } from "../../base/duplex.ts";
import { connectMonitor, expectOk } from "./connection.ts";
import { RuntimeFailure, toRuntimeFailure } from "./failure.ts";
import { readExitRecord } from "./record.ts";
import { type Status, statusLines } from "./status.ts";
import type { AttachStreams, ExitRecord, MonitorHandle } from "./types.ts";

export class Monitor implements MonitorHandle {
  readonly started: Promise<{ pid: number }>;
  readonly exited: Promise<ExitRecord | undefined>;
  readonly oomKilled: Promise<boolean>;
  readonly #dir: string;
  readonly #listening = Promise.withResolvers<void>();
  readonly #started = Promise.withResolvers<{ pid: number }>();
  readonly #exited = Promise.withResolvers<ExitRecord | undefined>();
  readonly #oomKilled = Promise.withResolvers<boolean>();
  #release: (() => void) | undefined;

  /** `lines` is the status pipe or a `watch` connection; `release` lets held output flow. */
  constructor(dir: string, lines: AsyncIterable<Uint8Array>, release?: () => void) {
    this.#dir = dir;
    this.#release = release;
    this.started = this.#started.promise;
    this.exited = this.#exited.promise;
    this.oomKilled = this.#oomKilled.promise;
    // Whoever asks for these gets the rejection; nobody has to ask.
    this.started.catch(() => undefined);
    this.#listening.promise.catch(() => undefined);
    void this.#follow(lines);
  }

  release(): void {
    this.#release?.();
    this.#release = undefined;
  }

  /** May be called before the process runs. Rejects when it never will. */
  async attach(streams: AttachStreams): Promise<Duplex> {
    await this.#listening.promise;
    const wanted = [streams.stdin, streams.stdout, streams.stderr].map(Number).join(" ");
    const stream = await connectMonitor(this.#dir, `attach ${wanted}`);
    await expectOk(stream);
    return stream;
  }

  async resize(height: number, width: number): Promise<void> {
    await this.#listening.promise;
    const stream = await connectMonitor(this.#dir, `resize ${height} ${width}`);
    await expectOk(stream).finally(() => stream.close());
  }

  async #follow(lines: AsyncIterable<Uint8Array>): Promise<void> {
    try {
      for await (const status of statusLines(lines)) this.#advance(status);
    } catch {
      // A broken pipe is an ended one.
    }
    const lost = new RuntimeFailure("the monitor died before the process ran");
    this.#listening.reject(lost);
    this.#started.reject(lost);
    // Said to nobody, but perhaps on record.
    this.#exited.resolve(readExitRecord(this.#dir));
    this.#oomKilled.resolve(false);
    this.release();
  }

  #advance(status: Status): void {
    switch (status.at) {
      case "listening":
        return this.#listening.resolve();
      case "started":
        return this.#started.resolve({ pid: status.pid });
      case "failed": {
        const failure = toRuntimeFailure(status.message);
        this.#listening.reject(failure);
        return this.#started.reject(failure);
      }
      case "oom":
        return this.#oomKilled.resolve(true);
      case "exited":
        return this.#exited.resolve(status.record);
    }
  }
}
