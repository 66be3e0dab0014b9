/** Shows a transfer while it happens: bars on a terminal, the engine's plain lines elsewhere, an error as an error. */
import type { ProgressLine } from "../../wire/image.ts";
import { canvasOf, RedrawnRows } from "../canvas.ts";
import type { CliEnv } from "../command.ts";
import { CommandError } from "../errors.ts";
import { humanSize } from "../format/size.ts";
import type { Io, Output } from "../io.ts";
import { neutraliseLine } from "../neutralise.ts";
import { TransferModel } from "./model.ts";
import { renderTransfer, timeText } from "./render.ts";

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
  readonly #rows: RedrawnRows;
  readonly #view: TransferView;
  readonly #startedMs = performance.now();
  /** Lines about the whole that are to stand above the bars. */
  #pending: string[] = [];

  constructor(view: TransferView, out: Output) {
    this.#view = view;
    this.#rows = new RedrawnRows(out);
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
    const canvas = canvasOf(this.#view.env, this.#view.io);
    await this.#rows.draw(renderTransfer(this.#model, canvas, performance.now()), this.#pending.splice(0));
  }

  /** The bars give way to one line that says what it was. */
  async #finish(): Promise<void> {
    const summary = this.#summary();
    const last = [...this.#pending.splice(0), ...(summary === "" ? [] : [summary])];
    await this.#rows.end(last);
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
