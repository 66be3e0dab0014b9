/** The most memory that a process has had since a moment. */
import { readFileSync } from "node:fs";
import { privateMemoryKb, proportionalKb } from "./memory.ts";

const EVERY_MS = 100;

export interface PeakMemory {
  readonly privateKb: number;
  readonly proportionalKb: number;
  readonly anonymousKb: number;
}

export class Peak {
  readonly #pid: number;
  readonly #timer: ReturnType<typeof setInterval>;
  #most: PeakMemory = { privateKb: 0, proportionalKb: 0, anonymousKb: 0 };

  constructor(pid: number) {
    this.#pid = pid;
    this.#timer = setInterval(() => this.#look(), EVERY_MS);
  }

  end(): PeakMemory {
    clearInterval(this.#timer);
    return this.#most;
  }

  #look(): void {
    const { privateKb, proportionalKb: proportional, anonymousKb } = this.#most;
    this.#most = {
      privateKb: Math.max(privateKb, privateMemoryKb([this.#pid])),
      proportionalKb: Math.max(proportional, proportionalKb([this.#pid])),
      anonymousKb: Math.max(anonymousKb, anonymousNow(this.#pid)),
    };
  }
}

const anonymousNow = (pid: number): number =>
  Number(/^RssAnon:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]);
