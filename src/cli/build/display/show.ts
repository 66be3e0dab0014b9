/** Shows a build while it goes on, in the form that was asked for, on standard error. */
import type { StatusResponse } from "../../../wire/buildkit/control.ts";
import { canvasOf, RedrawnRows } from "../../canvas.ts";
import type { CliEnv } from "../../command.ts";
import type { Io } from "../../io.ts";
import { BuildModel } from "./model.ts";
import { PlainDisplay } from "./plain.ts";
import { rawJson } from "./raw-json.ts";
import { renderBuild, renderEnd } from "./terminal.ts";

export type ProgressMode = "plain" | "quiet" | "rawjson" | "tty";

export interface BuildView {
  readonly io: Io;
  readonly env: Pick<CliEnv, "variables">;
  readonly mode: ProgressMode;
}

const FRAME_MS = 100;

/** Resolves with everything that was told, when the messages end. Rejects as they do, once what came is shown. */
export async function showBuild(
  view: BuildView,
  model: BuildModel,
  messages: AsyncIterable<StatusResponse>,
): Promise<void> {
  switch (view.mode) {
    case "quiet":
      for await (const message of messages) model.take(message);
      return;
    case "rawjson":
      for await (const message of messages) {
        model.take(message);
        await view.io.stderr.write(rawJson(message));
      }
      return;
    case "plain":
      return showPlain(view, model, messages);
    case "tty":
      return showRows(view, model, messages);
  }
}

/** What others do while one vertex is shown comes to its turn by the clock. */
async function showPlain({ io }: BuildView, model: BuildModel, messages: AsyncIterable<StatusResponse>): Promise<void> {
  const display = new PlainDisplay();
  const write = async (text: string): Promise<void> => (text === "" ? undefined : io.stderr.write(text));
  await using frames = new Frames(() => write(display.draw(Date.now())));
  for await (const message of messages) {
    display.take(model.take(message), Date.now());
    await frames.draw();
  }
}

async function showRows(
  { io, env }: BuildView,
  model: BuildModel,
  messages: AsyncIterable<StatusResponse>,
): Promise<void> {
  const rows = new RedrawnRows(io.stderr);
  await using end = new AsyncDisposableStack();
  end.defer(() => rows.end(renderEnd(model, canvasOf(env, io), Date.now())));
  end.use(new Frames(() => rows.draw(renderBuild(model, canvasOf(env, io), Date.now()))));
  for await (const message of messages) model.take(message);
}

/** Draws now and then, and when asked to; never twice at once. */
class Frames implements AsyncDisposable {
  readonly #draw: () => Promise<void>;
  readonly #timer: ReturnType<typeof setInterval>;
  #drawing: Promise<void> = Promise.resolve();

  constructor(draw: () => Promise<void>) {
    this.#draw = draw;
    // Who cannot be written to any more is told so by the next `draw`.
    this.#timer = setInterval(() => void this.draw().catch(() => undefined), FRAME_MS);
  }

  draw(): Promise<void> {
    this.#drawing = this.#drawing.catch(() => undefined).then(this.#draw);
    return this.#drawing;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#timer);
    await this.draw();
  }
}
