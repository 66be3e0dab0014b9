/**
 * A build as lines of text, as BuildKit's clients write them: "#3 [1/2] FROM busybox". Vertices that work at the same time take
 * turns; what has ended is written out first.
 */
import { neutralise, neutraliseLine } from "../../neutralise.ts";
import type { BuildVertex, BuildWarning, Change, LogLine, StatusLine } from "./model.ts";
import { secondsText, statusText } from "./text.ts";

/** How long a vertex that says nothing keeps the others from being shown, and one that talks all the time. */
const QUIET_MS = 1_000;
const TURN_MS = 5_000;
/** A transfer is told again when it has come so much further. */
const STEP = 0.05;

interface Pending {
  readonly vertex: BuildVertex;
  readonly sinceMs: number;
  readonly statuses: Map<string, StatusLine>;
  readonly logs: LogLine[];
  readonly warnings: BuildWarning[];
}

export class PlainDisplay {
  readonly #indexes = new Map<BuildVertex, number>();
  readonly #pending = new Map<BuildVertex, Pending>();
  readonly #done = new Set<BuildVertex>();
  /** How far a transfer was when it was last told of, by vertex and line. */
  readonly #told = new Map<string, number>();
  #current: BuildVertex | undefined;
  #lastMs = 0;

  take(changes: readonly Change[], nowMs: number): void {
    for (const change of changes) this.#note(change, nowMs);
  }

  /** What is due: to be called after `take`, and from time to time. */
  draw(nowMs: number): string {
    const due = [...this.#pending.values()].filter(({ vertex }) => vertex.started !== undefined);
    const ended = due.filter(({ vertex }) => vertex.completed !== undefined);
    const first = ended.filter(({ vertex }) => vertex === this.#current);
    let text = "";
    for (const each of new Set([...first, ...ended])) text += this.#print(each, nowMs);
    const rest = due.filter((each) => !ended.includes(each));
    const own = rest.find(({ vertex }) => vertex === this.#current);
    if (own !== undefined) text += this.#print(own, nowMs);
    const next = rest.find((each) => each !== own && this.#mayTakeOver(each, nowMs));
    return next === undefined ? text : text + this.#print(next, nowMs);
  }

  #mayTakeOver({ sinceMs }: Pending, nowMs: number): boolean {
    return this.#current === undefined || nowMs - this.#lastMs >= QUIET_MS || nowMs - sinceMs >= TURN_MS;
  }

  #note({ vertex, statuses, logs, warnings }: Change, nowMs: number): void {
    // Warnings that come late are told at the end of the build.
    if (this.#done.has(vertex) && logs.length + statuses.length === 0) return;
    const pending: Pending = this.#pending.get(vertex) ?? {
      vertex,
      sinceMs: nowMs,
      statuses: new Map(),
      logs: [],
      warnings: [],
    };
    for (const status of statuses) pending.statuses.set(status.id, status);
    pending.logs.push(...logs);
    pending.warnings.push(...warnings);
    this.#pending.set(vertex, pending);
  }

  #print(pending: Pending, nowMs: number): string {
    const { vertex, statuses, logs, warnings } = pending;
    this.#pending.delete(vertex);
    const lines = [
      ...[...statuses.values()].filter((status) => this.#isNews(vertex, status)).map(statusText),
      ...warnings.map(({ short }) => `WARN: ${neutraliseLine(Buffer.from(short).toString())}`),
      ...logs.map(({ seconds, text }) => `${seconds.toFixed(3)} ${neutralise(text)}`),
    ];
    const end = this.#endOf(vertex, nowMs);
    if (end !== undefined) lines.push(end);
    const head = this.#head(vertex);
    const index = this.#indexes.get(vertex);
    this.#lastMs = nowMs;
    this.#current = vertex.completed === undefined ? vertex : undefined;
    return head + lines.map((line) => `#${index} ${line}\n`).join("");
  }

  /** The vertex's name, when another one was shown last. */
  #head(vertex: BuildVertex): string {
    const isFirst = this.#indexes.size === 0;
    const index = this.#indexes.get(vertex) ?? this.#indexes.size + 1;
    this.#indexes.set(vertex, index);
    if (vertex === this.#current) return "";
    const left = this.#current === undefined ? "" : `#${this.#indexes.get(this.#current)} ...\n`;
    return `${left}${isFirst ? "" : "\n"}#${index} ${neutraliseLine(vertex.name)}\n`;
  }

  #isNews({ key }: BuildVertex, { id, current, total, completed }: StatusLine): boolean {
    const name = JSON.stringify([key, id]);
    const last = this.#told.get(name);
    const part = total > 0 ? current / total : 0;
    const isNews = completed !== undefined || last === undefined || part - last >= STEP;
    if (isNews) this.#told.set(name, part);
    return isNews;
  }

  /** How it has ended, once. */
  #endOf(vertex: BuildVertex, nowMs: number): string | undefined {
    if (vertex.completed === undefined || this.#done.has(vertex)) return undefined;
    this.#done.add(vertex);
    if (vertex.isCanceled) return "CANCELED";
    if (vertex.error !== "") return `ERROR: ${neutralise(vertex.error)}`;
    return vertex.cached ? "CACHED" : `DONE ${secondsText(vertex.seconds(nowMs))}`;
  }
}
