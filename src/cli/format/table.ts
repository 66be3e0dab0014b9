/** Aligns tab-separated cells in columns as Go's text/tabwriter does with docker's settings: at least 10 wide, 3 spaces between. */

const MIN_WIDTH = 10;
const PADDING = 3;

type Rows = readonly (readonly string[])[];
/** By row, then by column. */
type Widths = (number[] | undefined)[];

/** The text of the rows, each ended by a newline. The last cell of a row is not padded. */
export function alignRows(rows: Rows, minWidth = MIN_WIDTH): string {
  const widths: Widths = [];
  const columns = Math.max(0, ...rows.map((row) => row.length - 1));
  for (let column = 0; column < columns; column++) measureColumn(rows, column, minWidth, widths);
  return rows.map((row, index) => `${alignRow(row, widths[index] ?? [])}\n`).join("");
}

/** The same for finished lines that hold tabs. */
export function alignText(text: string): string {
  const lines = text.endsWith("\n") ? text.slice(0, -1) : text;
  return lines === "" ? text : alignRows(lines.split("\n").map((line) => line.split("\t")));
}

/** A column reaches over neighbouring rows only: a row without the cell ends the block and its width. */
function measureColumn(rows: Rows, column: number, minWidth: number, widths: Widths): void {
  let block: number[] = [];
  let width = minWidth;
  rows.forEach((row, index) => {
    if (row.length - 1 <= column) {
      block = [];
      width = minWidth;
      return;
    }
    block.push(index);
    width = Math.max(width, widthOf(row[column] ?? "") + PADDING);
    const shared = width;
    for (const member of block) {
      const own = (widths[member] ??= []);
      own[column] = shared;
    }
  });
}

function alignRow(row: readonly string[], widths: readonly number[]): string {
  return row.map((cell, at) => cell + " ".repeat(Math.max(0, (widths[at] ?? 0) - widthOf(cell)))).join("");
}

/** Characters, as tabwriter counts them. */
function widthOf(text: string): number {
  let width = 0;
  for (const _char of text) width++;
  return width;
}
