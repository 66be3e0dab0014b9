/** A benchmark's figures as a Markdown table and as JSON. */
import type { Measured } from "./paired.ts";

export interface Report {
  readonly title: string;
  readonly columns: readonly string[];
  readonly rows: readonly (readonly (string | number)[])[];
}

export function pairedReport(title: string, measured: readonly Measured[]): Report {
  return {
    title,
    columns: ["", "median ms", "best ms", "p90 ms", `ratio to ${measured[0]?.name ?? ""}`],
    rows: measured.map(({ name, medianMs, bestMs, p90Ms, ratio }) => [name, medianMs, bestMs, p90Ms, ratio]),
  };
}

export function toMarkdown({ title, columns, rows }: Report): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(" | ")} |`;
  const divider = line(columns.map((_, at) => (at === 0 ? "---" : "---:")));
  return [`### ${title}`, "", line(columns), divider, ...rows.map((row) => line(row.map(cell))), ""].join("\n");
}

/** Three significant digits are what two runs agree on. */
function cell(value: string | number): string {
  if (typeof value === "string") return value;
  return value >= 100 ? value.toFixed(0) : value.toPrecision(3);
}
