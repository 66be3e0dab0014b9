/** A build as the classic builder told it: one step after the other, whatever ran at the same time. */
import { createId, shortId } from "../../../base/ids.ts";
import type { PlannedStep } from "../../../build/builder.ts";
import type { FailedStep } from "../../../build/failure.ts";
import type { ProgressEvent, VertexEvent } from "../../../build/progress.ts";
import type { ClassicOptions } from "./options.ts";

export interface StreamLine {
  readonly stream: string;
}

interface Progress {
  vertex: VertexEvent | undefined;
  readonly output: StreamLine[];
}

const RED = "\u001b[91m";
const PLAIN = "\u001b[0m";

const isFrom = ({ text }: PlannedStep): boolean => text.startsWith("FROM ");
const isScratch = ({ text }: PlannedStep): boolean => /^FROM scratch(?: |$)/.test(text);

/** How a step begins. */
export function* stepLines({ number, count, text }: FailedStep): Generator<StreamLine> {
  yield { stream: `Step ${number}/${count} : ${text}` };
  yield { stream: "\n" };
}

/** Lines in the order of the steps: what a later one says waits for its turn. */
export class StepTeller {
  readonly #steps: readonly PlannedStep[];
  readonly #removes: boolean;
  readonly #progress = new Map<string, Progress>();
  #current = 0;
  #isOpen = false;
  #container = "";

  constructor(steps: readonly PlannedStep[], { removes }: Pick<ClassicOptions, "removes">) {
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
    for (const step of this.#steps.slice(this.#current)) {
      yield* this.#open();
      yield* this.#close(step);
    }
  }

  *#advance(): Generator<StreamLine> {
    for (let step = this.#steps[this.#current]; step !== undefined; step = this.#steps[this.#current]) {
      const { vertex } = step;
      if (vertex === undefined) {
        // Told when something after it happens, as it takes no time by itself.
        if (this.#stateOf(this.#next())?.started === undefined) return;
        yield* this.#open();
        yield* this.#close(step);
        continue;
      }
      const progress = this.#progress.get(vertex.digest);
      if (progress?.vertex?.started === undefined) return;
      yield* this.#open();
      yield* progress.output.splice(0);
      if (progress.vertex.completed === undefined || progress.vertex.error !== undefined) return;
      yield* this.#close(step);
    }
  }

  #stateOf(step: PlannedStep | undefined): VertexEvent | undefined {
    return step?.vertex === undefined ? undefined : this.#progress.get(step.vertex.digest)?.vertex;
  }

  #next(): PlannedStep | undefined {
    return this.#steps.slice(this.#current + 1).find(({ vertex }) => vertex !== undefined);
  }

  /** An instruction that changes no files is as new as the work after it in its stage, or else before it. */
  #isCached(step: PlannedStep): boolean {
    if (step.vertex !== undefined) return this.#stateOf(step)?.cached === true;
    const stageEnd = this.#steps.findIndex((each, at) => at > this.#current && isFrom(each));
    const later = this.#steps.slice(this.#current + 1, stageEnd < 0 ? undefined : stageEnd);
    const before = this.#steps.slice(0, this.#current);
    const work =
      later.find(({ vertex }) => vertex !== undefined) ?? before.findLast((each) => each.vertex ?? isFrom(each));
    return work !== undefined && !isFrom(work) && this.#stateOf(work)?.cached === true;
  }

  *#open(): Generator<StreamLine> {
    const step = this.#steps[this.#current];
    if (this.#isOpen || step === undefined) return;
    this.#isOpen = true;
    yield* this.#head(step);
    const hasContainer = step.vertex === undefined ? !isFrom(step) : step.vertex.operation.kind === "exec";
    if (!hasContainer || this.#isCached(step)) return;
    this.#container = shortId(createId());
    yield { stream: ` ---> Running in ${this.#container}\n` };
  }

  /** Triggers have no heads of their own: their FROM tells how many there are. */
  *#head(step: PlannedStep): Generator<StreamLine> {
    if (step.isTrigger) return;
    const written = this.#steps.filter(({ isTrigger }) => !isTrigger);
    yield* stepLines({ number: written.indexOf(step) + 1, count: written.length, text: step.text });
    const after = this.#steps.slice(this.#current + 1);
    const end = after.findIndex(({ isTrigger }) => !isTrigger);
    const triggers = end < 0 ? after.length : end;
    if (triggers > 0) yield { stream: `# Executing ${triggers} build trigger${triggers === 1 ? "" : "s"}\n` };
  }

  *#close(step: PlannedStep): Generator<StreamLine> {
    if (!isFrom(step) && this.#isCached(step)) yield { stream: " ---> Using cache\n" };
    if (this.#container !== "" && this.#removes)
      yield { stream: ` ---> Removed intermediate container ${this.#container}\n` };
    const shown = step.vertex?.digest ?? `sha256:${createId()}`;
    const isShown = this.#steps[this.#current + 1]?.isTrigger !== true;
    if (isShown) yield { stream: ` ---> ${isScratch(step) ? "" : shortId(shown)}\n` };
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
