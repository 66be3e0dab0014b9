/** What is known of a transfer (pull, push, copy), out of the lines that the engine sends. */
import type { ProgressLine } from "../../wire/image.ts";

type Phase = "waiting" | "moving" | "working" | "done";

export interface Part {
  readonly id: string;
  readonly phase: Phase;
  /** The engine's word for it. */
  readonly status: string;
  /** Bytes of the present phase; 0 of 0 when nobody knows. */
  readonly current: number;
  readonly total: number;
  /** Bytes that came during this transfer, by its present phase. */
  readonly rate: Rate;
}

/** Words that end a part, and those under which nothing moves yet. */
const DONE = /^(?:Pull complete|Already exists|Layer already exists|Pushed|Copied|Mounted from .*|Skipped)$/;
const WAITING = /^(?:Pulling fs layer|Preparing|Waiting)$/;
const MOVING = /^(?:Resuming|Downloading|Pushing|Copying)$/;
/** Tells what had come earlier. */
const RESUMING = "Resuming";
const HERE_ALREADY = /^(?:Already exists|Layer already exists|Mounted from .*)$/;

const WINDOW_MS = 5000;

/** Bytes a second over the last seconds. What was there when it was first seen does not count. */
export class Rate {
  #samples: { readonly atMs: number; readonly bytes: number }[] = [];

  add(atMs: number, bytes: number): void {
    this.#samples.push({ atMs, bytes });
    while (this.#samples.length > 2 && atMs - (this.#samples[0]?.atMs ?? atMs) > WINDOW_MS) this.#samples.shift();
  }

  /** 0 until there is something to go by. */
  perSecond(nowMs: number): number {
    const [first] = this.#samples;
    const last = this.#samples.at(-1);
    if (first === undefined || last === undefined || first === last) return 0;
    const seconds = (Math.max(last.atMs, nowMs - WINDOW_MS) - first.atMs) / 1000;
    return seconds <= 0 ? 0 : Math.max(0, last.bytes - first.bytes) / seconds;
  }
}

export class TransferModel {
  readonly #parts = new Map<string, Part>();
  readonly #sizes = new Map<string, number>();
  readonly #overall = new Rate();
  #moved = 0;

  /** Takes a line about a part in; false for one that is about the whole and to be printed. */
  take(line: ProgressLine, nowMs: number): boolean {
    if (line.aux !== undefined) {
      for (const { ID, Size } of line.aux.Layers ?? []) this.#sizes.set(ID, Size);
      return true;
    }
    const { id, status = "", progressDetail } = line;
    if (id === undefined || progressDetail === undefined) return false;
    const before = this.#parts.get(id);
    this.#parts.set(id, this.#next(id, status, { before, detail: progressDetail, nowMs }));
    return true;
  }

  get parts(): readonly Part[] {
    return [...this.#parts.values()];
  }

  /** Over all parts: bytes on their way and arrived, as far as sizes are known. */
  totals(): { readonly current: number; readonly total: number } {
    let [current, total] = [0, 0];
    for (const part of this.#parts.values()) {
      const size = this.#sizes.get(part.id) ?? (part.phase === "moving" ? part.total : undefined);
      if (size === undefined) continue;
      total += size;
      if (part.phase === "moving") current += Math.min(part.current, size);
      else if (part.phase !== "waiting") current += size;
    }
    return { current, total };
  }

  /** Bytes that have moved, and how fast they do. */
  moved(nowMs: number): { readonly bytes: number; readonly perSecond: number } {
    return { bytes: this.#moved, perSecond: this.#overall.perSecond(nowMs) };
  }

  /** How many parts had been there before. */
  get alreadyThere(): number {
    return this.parts.filter(({ status }) => HERE_ALREADY.test(status)).length;
  }

  #next(id: string, status: string, { before, detail, nowMs }: Change): Part {
    const phase = phaseOf(status);
    const { current = 0, total = 0 } = detail;
    const isMoving = before?.phase === "moving";
    const rate = isMoving ? before.rate : new Rate();
    if (phase === "moving") {
      const base = isMoving ? before.current : 0;
      this.#moved += status === RESUMING ? 0 : Math.max(0, current - base);
      rate.add(nowMs, current);
      this.#overall.add(nowMs, this.#moved);
      if (!this.#sizes.has(id)) this.#sizes.set(id, total);
    }
    return { id, phase, status, current, total, rate };
  }
}

interface Change {
  readonly before: Part | undefined;
  readonly detail: { readonly current?: number; readonly total?: number };
  readonly nowMs: number;
}

function phaseOf(status: string): Phase {
  if (DONE.test(status)) return "done";
  if (WAITING.test(status)) return "waiting";
  return MOVING.test(status) ? "moving" : "working";
}
