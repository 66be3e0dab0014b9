/** A build as the classic builder told it: one step after the other, whatever ran at the same time. */
import { createId, shortId } from "../../../base/ids.ts";
import type { PlannedStep } from "../../../build/builder.ts";
import type { ProgressEvent, VertexEvent } from "../../../build/progress.ts";

export interface StreamLine {
  readonly stream: string;
}

interface Progress {
  vertex: VertexEvent | undefined;
  readonly output: StreamLine[];
}

const RED = "\u001b[91m";
const PLAIN = "\u001b[0m";

/** Lines in the order of the steps: what a later one says waits for its turn. */
export class StepTeller {
  readonly #steps: readonly PlannedStep[];
  readonly #removes: boolean;
  readonly #progress = new Map<string, Progress>();
  #current = 0;
  #isOpen = false;
  #container = "";

  constructor(steps: readonly PlannedStep[], { removes }: { removes: boolean }) {
    this.#steps = steps;
    this.#removes = removes;
  }

  *take(event: ProgressEvent): Generator<StreamLine> {
    if (event.kind === "vertex") this.#of(event.digest).vertex = event;
    else if (event.kind === "log") this.#of(event.vertex).output.push(toLine(event.stream, event.bytes));
    else return;
    yield* this.#advance();
  }

  /** Everything is done: what is left are instructions that change no files. */
  *finish(): Generator<StreamLine> {
    while (this.#current < this.#steps.length) {
      yield* this.#open();
      yield* this.#close(undefined);
    }
  }

  *#advance(): Generator<StreamLine> {
    for (let step = this.#steps[this.#current]; step !== undefined; step = this.#steps[this.#current]) {
      const { vertex } = step;
      if (vertex === undefined) {
        // Told when something after it happens, as it takes no time by itself.
        if (!this.#laterBegan()) return;
        yield* this.#open();
        yield* this.#close(undefined);
        continue;
      }
      const progress = this.#progress.get(vertex.digest);
      if (progress?.vertex?.started === undefined) return;
      yield* this.#open();
      yield* progress.output.splice(0);
      if (progress.vertex.completed === undefined || progress.vertex.error !== undefined) return;
      yield* this.#close(progress.vertex);
    }
  }

  #laterBegan(): boolean {
    const later = this.#steps.slice(this.#current + 1);
    return later.some(
      ({ vertex }) => vertex !== undefined && this.#progress.get(vertex.digest)?.vertex?.started !== undefined,
    );
  }

  *#open(): Generator<StreamLine> {
    if (this.#isOpen) return;
    this.#isOpen = true;
    const step = this.#steps[this.#current];
    yield { stream: `Step ${this.#current + 1}/${this.#steps.length} : ${step?.text ?? ""}` };
    yield { stream: "\n" };
    const state = step?.vertex === undefined ? undefined : this.#progress.get(step.vertex.digest)?.vertex;
    if (step?.vertex?.operation.kind === "exec" && state?.cached !== true) {
      this.#container = shortId(createId());
      yield { stream: ` ---> Running in ${this.#container}\n` };
    }
  }

  *#close(vertex: VertexEvent | undefined): Generator<StreamLine> {
    const isFirst = this.#steps[this.#current]?.text.startsWith("FROM ") === true;
    if (vertex?.cached === true && !isFirst) yield { stream: " ---> Using cache\n" };
    if (this.#container !== "" && this.#removes)
      yield { stream: ` ---> Removed intermediate container ${this.#container}\n` };
    const digest = this.#steps[this.#current]?.vertex?.digest ?? `sha256:${createId()}`;
    yield { stream: ` ---> ${shortId(digest)}\n` };
    this.#container = "";
    this.#isOpen = false;
    this.#current++;
  }

  #of(digest: string): Progress {
    const known = this.#progress.get(digest) ?? { vertex: undefined, output: [] };
    this.#progress.set(digest, known);
    return known;
  }
}

/** Errors are red, as they always were. */
function toLine(stream: "stdout" | "stderr", bytes: Uint8Array): StreamLine {
  const text = Buffer.from(bytes).toString();
  return { stream: stream === "stderr" ? RED + text + PLAIN : text };
}
