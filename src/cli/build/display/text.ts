/** Numbers as every display of a build shows them. Pure. */
import { neutraliseLine } from "../../neutralise.ts";
import type { StatusLine } from "./model.ts";

const UNITS = ["B", "kB", "MB", "GB", "TB", "PB"];

/** "0B", "284B", "1.99MB". */
function bytesText(bytes: number): string {
  let size = bytes;
  let unit = 0;
  while (size >= 1000 && unit < UNITS.length - 1) {
    size /= 1000;
    unit++;
  }
  return unit === 0 ? `${size}B` : `${size.toFixed(2)}${UNITS[unit]}`;
}

/** "sha256:… 1.05MB / 2.10MB 0.3s done" without what is not known. */
export function statusText({ id, current, total, started, completed }: StatusLine): string {
  const bytes =
    total > 0 ? ` ${bytesText(current)} / ${bytesText(total)}` : current > 0 ? ` ${bytesText(current)}` : "";
  if (completed === undefined) return neutraliseLine(id) + bytes;
  const seconds = (completed - started) / 1000;
  const time = seconds >= 0.05 ? ` ${secondsText(seconds)}` : "";
  return `${neutraliseLine(id)}${bytes}${time} done`;
}

export const secondsText = (seconds: number): string => `${seconds.toFixed(1)}s`;
