/** A transfer as rows of a terminal: one for each part, and one for all. Pure. */
import { type Canvas, styled } from "../canvas.ts";
import { humanSize } from "../format/size.ts";
import { neutraliseLine } from "../neutralise.ts";
import type { Part, TransferModel } from "./model.ts";

const MIN_BAR = 10;
const MAX_BAR = 40;
const SIZE_DIGITS = 3;
/** Id, sizes, rate, time left, and what is between them. */
const FIXED_COLUMNS = 12 + 2 + 2 + 15 + 2 + 9 + 2 + 7;
/** Left free below the block for the prompt and the summary. */
const SPARE_ROWS = 3;

export function renderTransfer(model: TransferModel, canvas: Canvas, nowMs: number): string[] {
  const { shown, hidden } = fitting(model.parts, Math.max(1, canvas.rows - SPARE_ROWS));
  const rows = shown.map((part) => partRow(part, canvas, nowMs));
  if (hidden > 0) rows.push(styled(`… and ${hidden} more`, "dim", canvas));
  if (model.parts.length > 1) rows.push(totalRow(model, canvas, nowMs));
  return rows;
}

/** What moves is shown before what waits, what waits before what is done; in the order in which they came. */
function fitting(parts: readonly Part[], most: number): { shown: readonly Part[]; hidden: number } {
  if (parts.length < most) return { shown: parts, hidden: 0 };
  const rank = ({ phase }: Part): number => ["moving", "working", "waiting", "done"].indexOf(phase);
  const kept = new Set(parts.toSorted((a, b) => rank(a) - rank(b)).slice(0, Math.max(1, most - 2)));
  return { shown: parts.filter((part) => kept.has(part)), hidden: parts.length - kept.size };
}

function partRow(part: Part, canvas: Canvas, nowMs: number): string {
  const id = neutraliseLine(part.id).slice(0, 12).padEnd(12);
  const { phase, status, current, total } = part;
  if (phase === "done") {
    const mark = styled(canvas.unicode ? "✓" : "*", "good", canvas);
    return `${id}  ${mark} ${styled(cut(status, canvas.columns - 16), "dim", canvas)}`;
  }
  if (phase === "waiting" || total <= 0) return `${id}  ${styled(cut(status, canvas.columns - 14), "dim", canvas)}`;
  if (phase === "working") return `${id}  ${bar(current / total, canvas)}  ${cut(status, 15)}`.trimEnd();
  const perSecond = part.rate.perSecond(nowMs);
  return `${id}  ${numbers({ current, total, perSecond }, canvas)}`.trimEnd();
}

function totalRow(model: TransferModel, canvas: Canvas, nowMs: number): string {
  const { current, total } = model.totals();
  const done = model.parts.filter(({ phase }) => phase === "done").length;
  const label = styled(`${done} of ${model.parts.length}`.padEnd(12), "bold", canvas);
  if (total <= 0) return label.trimEnd();
  const { perSecond } = model.moved(nowMs);
  return `${label}  ${numbers({ current, total, perSecond }, canvas)}`.trimEnd();
}

interface Numbers {
  readonly current: number;
  readonly total: number;
  readonly perSecond: number;
}

/** Bar, sizes, rate and time left, as many of them as there is room for. */
function numbers({ current, total, perSecond }: Numbers, canvas: Canvas): string {
  const sizes = `${size(current)}/${size(total)}`.padStart(15);
  const rate = (perSecond > 0 ? `${size(perSecond)}/s` : "").padStart(9);
  const left = perSecond > 0 && current < total ? timeText((total - current) / perSecond) : "";
  const room = canvas.columns - FIXED_COLUMNS;
  if (room < MIN_BAR) return `${sizes}  ${rate}  ${left}`.slice(0, Math.max(0, canvas.columns - 14));
  return `${bar(current / total, canvas)}  ${sizes}  ${rate}  ${left}`;
}

function bar(part: number, canvas: Canvas): string {
  const cells = Math.max(MIN_BAR, Math.min(MAX_BAR, canvas.columns - FIXED_COLUMNS));
  const filled = Math.floor(Math.max(0, Math.min(1, part)) * cells);
  if (!canvas.unicode) return `[${"=".repeat(filled)}${" ".repeat(cells - filled)}]`.slice(0, cells + 2);
  return styled("━".repeat(filled), "bar", canvas) + styled("─".repeat(cells - filled), "dim", canvas);
}

const size = (bytes: number): string => humanSize(bytes, SIZE_DIGITS);
const cut = (text: string, most: number): string => neutraliseLine(text).slice(0, Math.max(0, most));

/** "8s", "2m05s", "1h03m". */
export function timeText(seconds: number): string {
  const whole = Math.ceil(seconds);
  if (whole < 60) return `${whole}s`;
  const minutes = Math.floor(whole / 60);
  if (minutes < 60) return `${minutes}m${String(whole % 60).padStart(2, "0")}s`;
  return minutes < 6000 ? `${Math.floor(minutes / 60)}h${String(minutes % 60).padStart(2, "0")}m` : "days";
}
