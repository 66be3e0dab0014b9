/** The words and numbers of pull and push, as Docker's clients know them (moby pkg/progress, pkg/jsonmessage 28.5). */
import type { ProgressLine } from "../../wire/image.ts";

const BAR_CELLS = 50;
const UNITS = ["B", "kB", "MB", "GB", "TB", "PB"];

export const statusLine = (id: string, status: string): ProgressLine => ({ status, progressDetail: {}, id });

export function countLine(
  id: string,
  status: string,
  { current, total }: { current: number; total: number },
): ProgressLine {
  return { status, progressDetail: { current, total }, progress: barText(current, total), id };
}

/** "[=====>    ]  1.2MB/5MB", for clients that print it as it is. */
function barText(current: number, total: number): string {
  const done = Math.min(BAR_CELLS, Math.floor(Math.floor((current / total) * 100) / 2));
  const sizes = `${sizeText(current).padStart(8)}${current > total ? "" : `/${sizeText(total)}`}`;
  return `[${"=".repeat(done)}>${" ".repeat(BAR_CELLS - done)}] ${sizes}`;
}

/** go-units HumanSize: four significant digits. */
function sizeText(bytes: number): string {
  let size = bytes;
  let unit = 0;
  for (; size >= 1000 && unit < UNITS.length - 1; unit++) size /= 1000;
  return `${Number(size.toPrecision(4))}${UNITS[unit]}`;
}

/** Passes on one of many: at most one each `everyMs`, and always the last. */
export function throttled(
  everyMs: number,
  tell: (current: number, isLast: boolean) => void,
): (current: number, total: number) => void {
  let told = Number.NEGATIVE_INFINITY;
  return (current, total) => {
    const now = performance.now();
    const isLast = current >= total;
    if (!isLast && now - told < everyMs) return;
    told = now;
    tell(current, isLast);
  };
}
