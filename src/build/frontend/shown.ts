/** What answers to `--call` are made of: places, and tables for people. Pure. */
import type { Lines } from "../../dockerfile/place.ts";

/** "result.json" and "result.txt". */
export interface Shown {
  readonly json: unknown;
  readonly text: string;
}

/** As BuildKit's clients read it. */
export interface Location {
  readonly ranges: readonly { readonly start: { readonly line: number }; readonly end: { readonly line: number } }[];
}

export const location = ({ first, last }: Lines): Location => ({
  ranges: [{ start: { line: first }, end: { line: last } }],
});

/** Columns as wide as their widest cell, three spaces apart. */
export function table(rows: readonly (readonly string[])[]): string {
  const widths = rows[0]?.map((_, column) => Math.max(...rows.map((row) => (row[column] ?? "").length))) ?? [];
  return rows
    .map(
      (row) =>
        `${row
          .map((cell, column) => cell.padEnd((widths[column] ?? 0) + 3))
          .join("")
          .trimEnd()}\n`,
    )
    .join("");
}
