/** Shows the progress of load, import and pull: one line a layer, rewritten in place on a terminal, and an error as an error. */
import type { ProgressLine } from "../wire/image.ts";
import { CommandError } from "./errors.ts";
import { humanSize } from "./format/size.ts";
import type { Io } from "./io.ts";
import { neutralise, neutraliseLine } from "./neutralise.ts";

const BAR_CELLS = 50;
const DEFAULT_COLUMNS = 80;
/** Below this the bar has no room beside the sizes. */
const BAR_MIN_COLUMNS = 110;

/** Resolves at the end of `lines`. Throws CommandError when one of them is an error. */
export async function showProgress(io: Io, lines: AsyncIterable<ProgressLine>): Promise<void> {
  const terminal = io.isTerminal(1);
  const board = new Board(io.terminalSize()?.columns ?? DEFAULT_COLUMNS);
  for await (const line of lines) {
    const problem = line.errorDetail?.message ?? line.error;
    if (problem !== undefined) throw new CommandError(problem);
    const text = terminal ? board.draw(line) : plainText(line);
    if (text !== "") await io.stdout.write(text);
  }
}

/** Without a terminal only what is final is said. */
function plainText(line: ProgressLine): string {
  if (line.stream !== undefined) return neutralise(line.stream);
  if (line.progressDetail?.total !== undefined) return "";
  return `${statusText(line)}\n`;
}

const statusText = ({ id, status = "" }: ProgressLine): string => neutraliseLine(id ? `${id}: ${status}` : status);

/** The rows on the terminal; the cursor stands below the last one. */
class Board {
  readonly #columns: number;
  #rows: string[] = [];

  constructor(columns: number) {
    this.#columns = columns;
  }

  draw(line: ProgressLine): string {
    if (line.stream !== undefined) return this.#release(neutralise(line.stream));
    if (!line.id) return this.#release(`${statusText(line)}\n`);
    const known = this.#rows.indexOf(line.id);
    const text = `${statusText(line)} ${progressText(line, this.#columns)}`.trimEnd().slice(0, this.#columns);
    if (known < 0) {
      this.#rows.push(line.id);
      return `${text}\n`;
    }
    const up = this.#rows.length - known;
    return `\x1b[${up}A\x1b[2K\r${text}\x1b[${up}B\r`;
  }

  /** Text of its own ends the block of rows above it. */
  #release(text: string): string {
    this.#rows = [];
    return text;
  }
}

/** "[=====>    ]  1.2MB/5MB". */
function progressText({ progressDetail }: ProgressLine, columns: number): string {
  const { current = 0, total = 0 } = progressDetail ?? {};
  if (current <= 0 && total <= 0) return "";
  if (total <= 0 || current > total) return humanSize(current);
  const sizes = `${humanSize(current)}/${humanSize(total)}`;
  if (columns <= BAR_MIN_COLUMNS) return sizes;
  const done = Math.floor((current / total) * BAR_CELLS);
  return `[${"=".repeat(done)}>${" ".repeat(BAR_CELLS - done)}]  ${sizes}`;
}
