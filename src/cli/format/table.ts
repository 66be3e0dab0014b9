/** Aligns tab-separated cells in columns as Go's text/tabwriter does with docker's settings: at least 10 wide, 3 spaces between. */

const MIN_WIDTH = 10;
const PADDING = 3;

type Row = readonly string[];

/** The text of the rows, each ended by a newline. The last cell of a row is not padded. */
export function alignRows(rows: readonly Row[], minWidth = MIN_WIDTH): string {
  const padded = rows.map((row) => [...row]);
  const columns = Math.max(0, ...rows.map((row) => row.length - 1));
  for (let column = 0; column < columns; column++) {
    for (const block of blocksOf(padded, column)) padBlock(block, column, minWidth);
  }
  return padded.map((row) => `${row.join("")}\n`).join("");
}

/** The same for finished lines that hold tabs. */
export function alignText(text: string): string {
  const lines = text.endsWith("\n") ? text.slice(0, -1) : text;
  return lines === "" ? text : alignRows(lines.split("\n").map((line) => line.split("\t")));
}

/** A column reaches over neighbouring rows only: a row without the cell ends the block and its width. */
function blocksOf(rows: readonly string[][], column: number): string[][][] {
  const blocks: string[][][] = [];
  let block: string[][] = [];
  for (const row of rows) {
    if (row.length - 1 > column) {
      block.push(row);
    } else if (block.length > 0) {
      blocks.push(block);
      block = [];
    }
  }
  return block.length > 0 ? [...blocks, block] : blocks;
}

function padBlock(block: readonly string[][], column: number, minWidth: number): void {
  const widths = block.map((row) => widthOf(row[column] ?? ""));
  const width = widths.reduce((widest, own) => Math.max(widest, own + PADDING), minWidth);
  block.forEach((row, at) => {
    row[column] += " ".repeat(width - (widths[at] ?? 0));
  });
}

/** Characters, as tabwriter counts them. */
function widthOf(text: string): number {
  let width = text.length;
  for (let at = 0; at < text.length; at++) {
    const isPair = (text.charCodeAt(at) & 0xfc00) === 0xd800;
    if (isPair) width--;
  }
  return width;
}
