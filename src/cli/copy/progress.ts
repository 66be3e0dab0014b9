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
    this.#show(SAVE);
  }

  /** `total` bytes have passed so far. */
  readonly note = (total: number): void => {
    this.#total = total;
    if (!this.#isShown || performance.now() - this.#shownAtMs < UPDATE_MS) return;
    this.#shownAtMs = performance.now();
    this.#show(`${RESTORE}${ERASE_LINE}${this.#heading}${humanSize(total, DIGITS)}`);
  };

  /** `destination` is where everything has gone; undefined when it has not. */
  async finish(destination: string | undefined): Promise<void> {
    this.#show(`${RESTORE}${ERASE_LINE}`);
    if (this.#isQuiet || destination === undefined) return;
    await this.#io.stderr.write(`Successfully copied ${humanSize(this.#total, DIGITS)} to ${destination}\n`);
  }

  /** Nobody waits for what is only shown. */
  #show(text: string): void {
    if (this.#isShown) this.#io.stderr.write(text).catch(() => undefined);
  }
}
