/** What is known of a build, out of the messages that the engine sends: its vertices in the order in which they came. */
import { fromTimestamp } from "../../../wire/buildkit/common.ts";
import type { StatusResponse } from "../../../wire/buildkit/control.ts";

type VertexMessage = StatusResponse["vertexes"][number];
export type BuildWarning = StatusResponse["warnings"][number];

/** A line below a vertex. Times are Unix milliseconds. */
export interface StatusLine {
  /** The text that is shown. */
  readonly id: string;
  readonly current: number;
  /** 0 when nobody knows. */
  readonly total: number;
  readonly started: number;
  readonly completed: number | undefined;
}

export interface LogLine {
  /** Since the vertex has begun. */
  readonly seconds: number;
  readonly text: string;
}

/** What a display has not been told of yet. */
export interface Change {
  readonly vertex: BuildVertex;
  readonly statuses: readonly StatusLine[];
  readonly logs: readonly LogLine[];
  readonly warnings: readonly BuildWarning[];
}

interface Member {
  readonly intervals: Map<number, number | undefined>;
  cached: boolean;
  error: string;
}

const NEWLINE = 10;

/** One vertex, or several that are shown as one. */
export class BuildVertex {
  readonly key: string;
  readonly name: string;
  readonly statuses = new Map<string, StatusLine>();
  readonly logs: LogLine[] = [];
  readonly #members = new Map<string, Member>();
  #partial: { readonly seconds: number; readonly bytes: Uint8Array } | undefined;

  constructor(key: string, name: string) {
    this.key = key;
    this.name = name;
  }

  /** Undefined until it has begun. */
  get started(): number | undefined {
    const starts = this.#intervals.map(([start]) => start);
    return starts.length === 0 ? undefined : Math.min(...starts);
  }

  /** Undefined until all of it has ended. */
  get completed(): number | undefined {
    const ends = this.#intervals.map(([, end]) => end);
    if (ends.length === 0 || [...this.#members.values()].some(({ intervals }) => intervals.size === 0))
      return undefined;
    return ends.reduce((last, end) => (last === undefined || end === undefined ? undefined : Math.max(last, end)));
  }

  get isRunning(): boolean {
    return this.started !== undefined && this.completed === undefined;
  }

  get cached(): boolean {
    return [...this.#members.values()].every(({ cached }) => cached);
  }

  get error(): string {
    return [...this.#members.values()].find(({ error }) => error !== "")?.error ?? "";
  }

  get isCanceled(): boolean {
    return this.error.endsWith("context canceled");
  }

  /** How long it has worked, without the time in which it waited. */
  seconds(nowMs: number): number {
    return this.#intervals.reduce((sum, [start, end = nowMs]) => sum + Math.max(0, end - start), 0) / 1000;
  }

  take({ digest, started, completed, cached, error }: VertexMessage): void {
    const member = this.#members.get(digest) ?? { intervals: new Map(), cached: false, error: "" };
    this.#members.set(digest, member);
    if (started !== undefined) {
      member.intervals.set(fromTimestamp(started), completed === undefined ? undefined : fromTimestamp(completed));
    }
    member.cached = cached;
    member.error = error;
  }

  /** The lines that are whole now. */
  takeLog(atMs: number, bytes: Uint8Array): LogLine[] {
    const seconds = Math.max(0, atMs - (this.started ?? atMs)) / 1000;
    const lines: LogLine[] = [];
    let begun = this.#partial ?? { seconds, bytes: new Uint8Array() };
    let at = 0;
    for (let end = bytes.indexOf(NEWLINE); end >= 0; end = bytes.indexOf(NEWLINE, at)) {
      lines.push({ seconds: begun.seconds, text: textOf(begun.bytes, bytes.subarray(at, end)) });
      begun = { seconds, bytes: new Uint8Array() };
      at = end + 1;
    }
    const rest = Buffer.concat([begun.bytes, bytes.subarray(at)]);
    this.#partial = rest.length === 0 ? undefined : { seconds: begun.seconds, bytes: rest };
    this.logs.push(...lines);
    return lines;
  }

  /** A last line without an end. */
  flushLog(): LogLine[] {
    if (this.#partial === undefined) return [];
    const line = { seconds: this.#partial.seconds, text: textOf(this.#partial.bytes, new Uint8Array()) };
    this.#partial = undefined;
    this.logs.push(line);
    return [line];
  }

  get #intervals(): (readonly [number, number | undefined])[] {
    return [...this.#members.values()].flatMap(({ intervals }) => [...intervals]);
  }
}

const COLORS = /\p{Cc}\[[0-9;]*[A-Za-z]/gu;

/** Without colours. Of a line that a program has drawn over, the end is what it wanted to be seen. */
function textOf(begun: Uint8Array, rest: Uint8Array): string {
  const drawn = Buffer.concat([begun, rest]).toString().replaceAll(COLORS, "").replace(/\r+$/, "");
  return drawn.slice(drawn.lastIndexOf("\r") + 1);
}

export class BuildModel {
  readonly warnings: BuildWarning[] = [];
  readonly #vertices = new Map<string, BuildVertex>();
  readonly #byDigest = new Map<string, BuildVertex>();

  /** In the order in which they came. */
  get vertices(): readonly BuildVertex[] {
    return [...this.#vertices.values()];
  }

  /** Takes a message in; what it says of vertices that are unknown is passed over. */
  take({ vertexes, statuses, logs, warnings }: StatusResponse): Change[] {
    const touched = new Map<BuildVertex, { statuses: StatusLine[]; logs: LogLine[]; warnings: BuildWarning[] }>();
    const touch = (vertex: BuildVertex) => {
      const change = touched.get(vertex) ?? { statuses: [], logs: [], warnings: [] };
      touched.set(vertex, change);
      return change;
    };
    for (const message of vertexes) touch(this.#vertexOf(message));
    for (const { vertex, id, current, total, started, timestamp, completed } of statuses) {
      const found = this.#byDigest.get(vertex);
      if (found === undefined) continue;
      const begun = fromTimestamp(started ?? timestamp ?? { seconds: 0, nanos: 0 });
      const line = {
        id,
        current,
        total,
        started: begun,
        completed: completed === undefined ? undefined : fromTimestamp(completed),
      };
      found.statuses.set(id, line);
      touch(found).statuses.push(line);
    }
    for (const { vertex, timestamp, msg } of logs) {
      const found = this.#byDigest.get(vertex);
      const at = timestamp === undefined ? 0 : fromTimestamp(timestamp);
      if (found !== undefined) touch(found).logs.push(...found.takeLog(at, msg));
    }
    for (const warning of warnings) {
      const found = this.#byDigest.get(warning.vertex);
      this.warnings.push(warning);
      if (found !== undefined) touch(found).warnings.push(warning);
    }
    for (const [vertex, change] of touched) if (vertex.completed !== undefined) change.logs.push(...vertex.flushLog());
    return [...touched].map(([vertex, change]) => ({ vertex, ...change }));
  }

  #vertexOf(message: VertexMessage): BuildVertex {
    const { digest, name, progressGroup } = message;
    const known = this.#byDigest.get(digest);
    const key = progressGroup?.id || digest;
    const vertex = known ?? this.#vertices.get(key) ?? new BuildVertex(key, progressGroup?.name || name);
    this.#vertices.set(vertex.key, vertex);
    this.#byDigest.set(digest, vertex);
    vertex.take(message);
    return vertex;
  }
}
