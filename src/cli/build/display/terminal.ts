/** A build as rows of a terminal: one for each vertex, with its time or how it ended, and below it what it is doing. Pure. */
import { type Canvas, styled } from "../../canvas.ts";
import { neutraliseLine } from "../../neutralise.ts";
import type { BuildModel, BuildVertex } from "./model.ts";
import { secondsText, statusText } from "./text.ts";

/** Left free below the block for the prompt. */
const SPARE_ROWS = 2;
/** Of what a vertex that works has said last. */
const MAX_DETAILS = 4;
/** "999.9s", "CANCELED". */
const END_COLUMNS = 9;

const MARKS = {
  running: { unicode: "•", ascii: "*", style: "bar" },
  good: { unicode: "✓", ascii: "+", style: "good" },
  bad: { unicode: "✗", ascii: "x", style: "bad" },
} as const;

/** While it goes on: as much as there is room for, first what works. */
export function renderBuild(model: BuildModel, canvas: Canvas, nowMs: number): string[] {
  const begun = model.vertices.filter(({ started }) => started !== undefined);
  const running = begun.filter(({ isRunning }) => isRunning);
  const room = Math.max(2, canvas.rows - SPARE_ROWS - 1);
  const shown = fitting(begun, room);
  const details = Math.min(MAX_DETAILS, Math.floor((room - shown.length) / Math.max(1, running.length)));
  const rows = shown.flatMap((vertex) => [
    vertexRow(vertex, canvas, nowMs),
    ...(vertex.isRunning && details > 0 ? detailsOf(vertex, canvas).slice(-details) : []),
  ]);
  const hidden = begun.length - shown.length;
  return [headRow(model, canvas, nowMs), ...(hidden > 0 ? [styled(`  (${hidden} more)`, "dim", canvas)] : []), ...rows];
}

/** What stays on the screen. */
export function renderEnd(model: BuildModel, canvas: Canvas, nowMs: number): string[] {
  const begun = model.vertices.filter(({ started }) => started !== undefined);
  return [headRow(model, canvas, nowMs), ...begun.map((vertex) => vertexRow(vertex, canvas, nowMs))];
}

/** In the order in which they began; the oldest that have ended go first when there are too many. */
function fitting(begun: readonly BuildVertex[], room: number): readonly BuildVertex[] {
  if (begun.length <= room) return begun;
  const running = begun.filter(({ isRunning }) => isRunning).slice(0, room);
  const ended = begun.filter(({ isRunning }) => !isRunning);
  const kept = new Set([...running, ...ended.slice(ended.length - (room - running.length))]);
  return begun.filter((vertex) => kept.has(vertex));
}

function headRow({ vertices }: BuildModel, canvas: Canvas, nowMs: number): string {
  const starts = vertices.map(({ started }) => started ?? nowMs);
  const ends = vertices.map(({ started, completed }) => completed ?? (started === undefined ? 0 : nowMs));
  const seconds = Math.max(0, Math.max(0, ...ends) - Math.min(nowMs, ...starts)) / 1000;
  const done = vertices.filter(({ completed }) => completed !== undefined).length;
  const text = `Building ${secondsText(seconds)}  ${done} of ${vertices.length}`;
  return styled(fitted(text, canvas.columns, canvas), "bold", canvas);
}

function vertexRow(vertex: BuildVertex, canvas: Canvas, nowMs: number): string {
  const { unicode, ascii, style } = MARKS[vertex.isRunning ? "running" : vertex.error === "" ? "good" : "bad"];
  const room = Math.max(8, canvas.columns - 4 - END_COLUMNS);
  const name = fitted(neutraliseLine(vertex.name), room, canvas).padEnd(room);
  const end = endText(vertex, nowMs).padStart(END_COLUMNS);
  const mark = styled(canvas.unicode ? unicode : ascii, style, canvas);
  return ` ${mark} ${name}${styled(end, vertex.error === "" ? "dim" : "bad", canvas)}`;
}

function endText(vertex: BuildVertex, nowMs: number): string {
  if (vertex.isCanceled) return "CANCELED";
  if (vertex.error !== "") return "ERROR";
  if (vertex.completed !== undefined && vertex.cached) return "CACHED";
  return secondsText(vertex.seconds(nowMs));
}

/** Transfers that go on, then the last lines of its output. */
function detailsOf(vertex: BuildVertex, canvas: Canvas): string[] {
  const moving = [...vertex.statuses.values()].filter(({ completed }) => completed === undefined).map(statusText);
  const said = vertex.logs.slice(-MAX_DETAILS).map(({ text }) => neutraliseLine(text.replaceAll("\t", "    ")));
  const room = Math.max(8, canvas.columns - 7);
  return [...moving, ...said].map((line) => styled(`     ${fitted(line, room, canvas)}`, "dim", canvas));
}

function fitted(text: string, columns: number, { unicode }: Canvas): string {
  if (text.length <= columns) return text;
  const end = unicode ? "…" : "...";
  return text.slice(0, columns - end.length) + end;
}
