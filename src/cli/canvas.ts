/** What the user's terminal can show, and rows on it that are drawn again and again in the same place. */
import type { CliEnv } from "./command.ts";
import type { Io, Output } from "./io.ts";

export interface Canvas {
  readonly columns: number;
  readonly rows: number;
  /** Draws with more than ASCII. */
  readonly unicode: boolean;
  readonly color: boolean;
}

const DEFAULT_SIZE = { columns: 80, rows: 24 };
const STYLES = { dim: "2", bar: "36", good: "32", bad: "31", bold: "1" } as const;

/** As the terminal is now, and as the environment tells it (no-color.org, locale(7)). */
export function canvasOf({ variables }: Pick<CliEnv, "variables">, io: Pick<Io, "terminalSize">): Canvas {
  const locale = variables["LC_ALL"] || variables["LC_CTYPE"] || variables["LANG"] || "";
  const color = !variables["NO_COLOR"] && variables["TERM"] !== "dumb";
  return { ...(io.terminalSize() ?? DEFAULT_SIZE), unicode: /utf-?8/i.test(locale), color };
}

export function styled(text: string, style: keyof typeof STYLES, { color }: Pick<Canvas, "color">): string {
  return color && text !== "" ? `\x1b[${STYLES[style]}m${text}\x1b[0m` : text;
}

/** The cursor stands below the last row between two drawings. */
export class RedrawnRows {
  readonly #out: Output;
  #drawn = 0;

  constructor(out: Output) {
    this.#out = out;
  }

  /** `above` stays on the screen for good. Rows that are no more are wiped below what is drawn. */
  async draw(rows: readonly string[], above: readonly string[] = []): Promise<void> {
    const text = [...above, ...rows].map((row) => `\r${row}\x1b[K\n`).join("");
    const up = this.#drawn > 0 ? `\x1b[${this.#drawn}A` : "";
    this.#drawn = rows.length;
    await this.#out.write(`${up}${text}\x1b[J`);
  }

  /** The rows give way to others, which stay. */
  async end(rows: readonly string[]): Promise<void> {
    const up = this.#drawn > 0 ? `\x1b[${this.#drawn}A` : "";
    this.#drawn = 0;
    await this.#out.write(`${up}\r\x1b[J${rows.map((row) => `${row}\n`).join("")}`);
  }
}
