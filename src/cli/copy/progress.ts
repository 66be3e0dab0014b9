/** How much of a copy has passed, told on a terminal while it goes on and once at its end. */
import { humanSize } from "../format/size.ts";
import type { Io } from "../io.ts";

const UPDATE_MS = 75;
const DIGITS = 3;

const SAVE = "\x1b7";
const RESTORE = "\x1b8";
const ERASE_LINE = "\x1b[2K";

export class CopyProgress {
  readonly #io: Io;
  readonly #heading: string;
  readonly #isQuiet: boolean;
  readonly #isShown: boolean;
  #total = 0;
  #shownAtMs = 0;

  /** Quiet says nothing at all; otherwise the last word comes in any case. */
  constructor(io: Io, heading: string, isQuiet: boolean) {
    this.#io = io;
    this.#heading = heading;
    this.#isQuiet = isQuiet;
    this.#isShown = !isQuiet && io.isTerminal(2);
  }

  /** Passes the bytes on. */
  async *watch(bytes: Iterable<Uint8Array> | AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void, undefined> {
    await this.#show(SAVE);
    for await (const piece of bytes) {
      this.#total += piece.length;
      yield piece;
      if (!this.#isShown || performance.now() - this.#shownAtMs < UPDATE_MS) continue;
      this.#shownAtMs = performance.now();
      await this.#show(`${RESTORE}${ERASE_LINE}${this.#heading}${humanSize(this.#total, DIGITS)}`);
    }
  }

  /** `destination` is where everything has gone; undefined when it has not. */
  async finish(destination: string | undefined): Promise<void> {
    await this.#show(`${RESTORE}${ERASE_LINE}`);
    if (this.#isQuiet || destination === undefined) return;
    await this.#io.stderr.write(`Successfully copied ${humanSize(this.#total, DIGITS)} to ${destination}\n`);
  }

  async #show(text: string): Promise<void> {
    if (this.#isShown) await this.#io.stderr.write(text);
  }
}
