/** A file that is being written from a body, and how far: told to everybody who follows it meanwhile. */
import type { IncomingBody } from "../../base/lent-socket.ts";
import { type SpoolRequest, spool } from "./spool.ts";

export interface GrowingSpool {
  readonly growth: Growth;
  /** Settles once the file is whole, or never will be; what is wrong is told to whoever follows as well. */
  readonly whole: Promise<void>;
}

/** Begins to put a body into a file. See `spool`. */
export function spoolGrowing(source: IncomingBody, request: Omit<SpoolRequest, "onWritten">): GrowingSpool {
  const growth = new Growth();
  const whole = spool(source, { ...request, onWritten: (bytes) => growth.reached(bytes) });
  whole.then(
    () => growth.end(),
    (error: unknown) => growth.end(error instanceof Error ? error : new Error(String(error))),
  );
  return { growth, whole };
}

/** Every iteration is told of all that is there, and then of more, until the file is whole. */
export class Growth implements AsyncIterable<number> {
  #bytes = 0;
  #ended = false;
  #failure: Error | undefined;
  readonly #begun = Promise.withResolvers<void>();
  #wake = Promise.withResolvers<void>();

  /** Resolves once the file exists, or never will. */
  get begun(): Promise<void> {
    return this.#begun.promise;
  }

  reached(bytes: number): void {
    this.#bytes = bytes;
    this.#tell();
  }

  end(failure?: Error): void {
    this.#ended = true;
    this.#failure = failure;
    this.#tell();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<number> {
    for (let told = -1; ; ) {
      if (this.#failure !== undefined) throw this.#failure;
      if (this.#bytes > told) yield (told = this.#bytes);
      else if (this.#ended) return;
      else await this.#wake.promise;
    }
  }

  /** The same for a stretch of the file: how many of its bytes are there. */
  async *stretch(offset: number, length: number): AsyncGenerator<number> {
    for await (const bytes of this) {
      const there = Math.min(length, Math.max(0, bytes - offset));
      yield there;
      if (there === length) return;
    }
  }

  #tell(): void {
    this.#begun.resolve();
    const wake = this.#wake;
    this.#wake = Promise.withResolvers();
    wake.resolve();
  }
}
