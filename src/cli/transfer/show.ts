/** Shows a transfer while it happens: bars on a terminal, the engine's plain lines elsewhere, an error as an error. */
import type { ProgressLine } from "../../wire/image.ts";
import type { CliEnv } from "../command.ts";
import { CommandError } from "../errors.ts";
import { humanSize } from "../format/size.ts";
import type { Io, Output } from "../io.ts";
import { neutraliseLine } from "../neutralise.ts";
import { TransferModel } from "./model.ts";
import { type Canvas, renderTransfer, timeText } from "./render.ts";

export interface TransferView {
  readonly io: Io;
  readonly env: Pick<CliEnv, "variables">;
  /** Standard output, or standard error where that belongs to somebody else. */
  readonly fd: 1 | 2;
  /** Says nothing but errors. */
  readonly quiet: boolean;
  /** What is transferred. */
  readonly unit: "layer" | "blob";
}

const FRAME_MS = 80;
const DEFAULT_SIZE = { columns: 80, rows: 24 };

/** Resolves at the end of `lines`. Throws CommandError when one of them is an error. */
export async function showTransfer(view: TransferView, lines: AsyncIterable<ProgressLine>): Promise<void> {
  const out = view.fd === 1 ? view.io.stdout : view.io.stderr;
  if (view.quiet) return drain(lines);
  if (view.io.isTerminal(view.fd)) return new Display(view, out).run(lines);
  for await (const line of lines) {
    checkLine(line);
    const text = plainText(line);
    if (text !== "") await out.write(text);
  }
}

async function drain(lines: AsyncIterable<ProgressLine>): Promise<void> {
  for await (const line of lines) checkLine(line);
}

function checkLine({ error, errorDetail }: ProgressLine): void {
  const problem = errorDetail?.message ?? error;
  if (problem !== undefined) throw new CommandError(problem);
}

/** Without a terminal only what is final is said, as Docker does it. */
function plainText({ id, status, aux, progressDetail }: ProgressLine): string {
  if (aux !== undefined || status === undefined || progressDetail?.total !== undefined) return "";
  return `${neutraliseLine(id === undefined ? status : `${id}: ${status}`)}\n`;
}

class Display {
  readonly #model = new TransferModel();
  readonly #out: Output;
  readonly #view: TransferView;
  readonly #startedMs = performance.now();
  #drawnRows = 0;
  /** Lines about the whole that are to stand above the bars. */
  #pending: string[] = [];

  constructor(view: TransferView, out: Output) {
    this.#view = view;
    this.#out = out;
  }

  async run(lines: AsyncIterable<ProgressLine>): Promise<void> {
    let drawing: Promise<void> = Promise.resolve();
    const frame = (): void => void (drawing = drawing.then(() => this.#draw()).catch(() => undefined));
    const timer = setInterval(frame, FRAME_MS);
    try {
      for await (const line of lines) {
        checkLine(line);
        this.#take(line);
      }
    } finally {
      clearInterval(timer);
      await drawing;
      await this.#finish();
    }
  }

  #take(line: ProgressLine): void {
    if (this.#model.take(line, performance.now())) return;
    const { id, status = "" } = line;
    this.#pending.push(neutraliseLine(id === undefined ? status : `${id}: ${status}`));
  }

  async #draw(): Promise<void> {
    const size = this.#view.io.terminalSize() ?? DEFAULT_SIZE;
    const rows = renderTransfer(this.#model, canvasOf(this.#view.env, size), performance.now());
    const above = this.#pending.splice(0);
    const text = [...above, ...rows].map((row) => `\r${row}\x1b[K\n`).join("");
    const up = this.#drawnRows > 0 ? `\x1b[${this.#drawnRows}A` : "";
    this.#drawnRows = rows.length;
    // Rows that are no more are wiped below what is drawn.
    await this.#out.write(`${up}${text}\x1b[J`);
  }

  /** The bars give way to one line that says what it was. */
  async #finish(): Promise<void> {
    const up = this.#drawnRows > 0 ? `\x1b[${this.#drawnRows}A` : "";
    this.#drawnRows = 0;
    const summary = this.#summary();
    const last = [...this.#pending.splice(0), ...(summary === "" ? [] : [summary])];
    await this.#out.write(`${up}\r\x1b[J${last.map((row) => `${row}\n`).join("")}`);
  }

  #summary(): string {
    const { parts, alreadyThere } = this.#model;
    if (parts.length === 0) return "";
    const { bytes } = this.#model.moved(performance.now());
    const seconds = (performance.now() - this.#startedMs) / 1000;
    const layers = `${parts.length} ${this.#view.unit}${parts.length === 1 ? "" : "s"}`;
    const known = alreadyThere > 0 ? ` (${alreadyThere} there already)` : "";
    const traffic = bytes > 0 ? `, ${humanSize(bytes, 3)} in ${timeText(seconds)}` : "";
    return `${layers}${known}${traffic}`;
  }
}

/** What the user's terminal can show, as the environment tells it (no-color.org, locale(7)). */
function canvasOf({ variables }: Pick<CliEnv, "variables">, size: { columns: number; rows: number }): Canvas {
  const locale = variables["LC_ALL"] || variables["LC_CTYPE"] || variables["LANG"] || "";
  const color = !variables["NO_COLOR"] && variables["TERM"] !== "dumb";
  return { ...size, unicode: /utf-?8/i.test(locale), color };
}
