/** The stages that a target needs, gone through instruction by instruction, as one graph. */
import { EngineError } from "../../base/errors.ts";
import { Turns } from "../../base/turns.ts";
import { parseTrigger, type StageInstruction } from "../../dockerfile/parse.ts";
import { DockerfileError, type Lines, placed } from "../../dockerfile/place.ts";
import type { Platform } from "../../wire/platform.ts";
import type { Build, FrontendOptions, PlannedStep } from "../builder.ts";
import { BaseFailure, type FailedStep, type FileText } from "../failure.ts";
import type { Vertex } from "../operation.ts";
import type { Base, Bases, BaseWanted } from "./bases.ts";
import { type ConfigContext, configStep } from "./config-steps.ts";
import { StepNames, summaryOf } from "./describe.ts";
import { DEFAULT_PATH, expandIn, mergeEnv, scopeOf } from "./environment.ts";
import { addStep, copyStep, type StepContext, workdirStep } from "./file-steps.ts";
import { withConfig } from "./image-state.ts";
import type { Linter } from "./lint.ts";
import { platformArgs } from "./platform-args.ts";
import { runStep } from "./run-step.ts";
import { parentOf, referredStage, type StageNode, sourcesOf } from "./stage-graph.ts";
import type { Escape, StageState } from "./stage-state.ts";

/** Characters; a Dockerfile may have two million. */
const MAX_HISTORY_LENGTH = 16 * 1024 * 1024;

export interface AssemblyFacts {
  readonly build: Build;
  readonly options: FrontendOptions;
  readonly stages: readonly StageNode[];
  readonly escape: Escape;
  readonly file: FileText;
  readonly globalArgs: ReadonlyMap<string, string>;
  readonly buildPlatform: Platform;
  readonly targetPlatform: Platform;
  /** Platform of each stage that names one. */
  readonly platforms: ReadonlyMap<StageNode, Platform>;
  readonly bases: Bases;
  readonly linter: Linter;
  readonly target: StageNode;
  readonly showPlatform: string;
}

/** The build context, of which only what some instruction reads is sent. */
export interface ContextPaths {
  /** Notes the paths, and returns the context's vertex. */
  vertexFor(paths: readonly string[]): Vertex;
}

export class Assembly {
  readonly #facts: AssemblyFacts;
  readonly #context: ContextPaths;
  readonly #states = new Map<StageNode, Promise<StageState>>();
  readonly #steps = new Map<StageNode, PlannedStep[]>();
  readonly #turns = new Turns();
  #historyLength = 0;

  constructor(facts: AssemblyFacts, context: ContextPaths) {
    this.#facts = facts;
    this.#context = context;
  }

  /** The target's state, with the labels that the client asks for. Throws DockerfileError with its lines. */
  async result(): Promise<StageState> {
    const { target, options } = this.#facts;
    const state = await this.stateOf(target);
    if (options.labels.size === 0) return state;
    const labels = { ...state.image.config.Labels, ...Object.fromEntries(options.labels) };
    return { ...state, image: withConfig(state.image, { Labels: labels }) };
  }

  /** Of the stages that were gone through, in the order of the file. */
  get steps(): PlannedStep[] {
    const stages = [...this.#steps].toSorted(([a], [b]) => a.index - b.index);
    return stages.flatMap(([, steps]) => steps);
  }

  /** What a stage ends as; each is gone through once. Throws as `result` does. */
  stateOf(stage: StageNode): Promise<StageState> {
    const known = this.#states.get(stage);
    if (known !== undefined) return known;
    const state = this.#build(stage);
    this.#states.set(stage, state);
    return state;
  }

  async #build(stage: StageNode): Promise<StageState> {
    await this.#turns.next();
    const parent = this.#parentOf(stage);
    const base = parent === undefined ? await this.#imageBase(stage) : await this.stateOf(parent);
    const triggers = (base.image.config.OnBuild ?? []).map((trigger) => parseTrigger(trigger, stage.lines));
    const steps = [
      ...triggers.map((each) => ({ each, isTrigger: true })),
      ...stage.instructions.map((each) => ({ each, isTrigger: false })),
    ];
    const isImage = parent === undefined && stage.base !== "scratch";
    const changes = steps.filter(({ each }) => changesFiles(each)).length;
    const names = new StepNames(this.#label(stage), changes + (isImage ? 1 : 0), this.#facts.showPlatform);
    let state = isImage ? renamedBase(base, names.next(`FROM ${this.#facts.bases.shown(stage.base)}`)) : base;
    const told: PlannedStep[] = [
      { text: fromText(stage), vertex: isImage ? state.vertex : undefined, isTrigger: false },
    ];
    this.#steps.set(stage, told);
    if (triggers.length > 0) state = { ...state, image: withConfig(state.image, { OnBuild: null }) };
    for (const { each, isTrigger } of steps) {
      await this.#turns.next();
      this.#facts.build.signal.throwIfAborted();
      state = await this.#step(stage, state, { instruction: each, prefix: isTrigger ? "ONBUILD " : "", names });
      this.#checkHistory(state, each.lines);
      told.push({ text: each.text, vertex: changesFiles(each) ? workOf(state.vertex) : undefined, isTrigger });
    }
    return state;
  }

  #parentOf(stage: StageNode): StageNode | undefined {
    const { stages, options } = this.#facts;
    if (options.namedContexts.has(stage.base.toLowerCase())) return undefined;
    return parentOf(stages, stage);
  }

  /** "" where there is one stage only, and none that a mount makes by the way. */
  #label(stage: StageNode): string {
    const { stages } = this.#facts;
    if (stages.length === 1 && !stage.instructions.some(hasMounts)) return "";
    return stage.name || `stage-${stage.index}`;
  }

  async #imageBase(stage: StageNode): Promise<StageState> {
    const { platforms, targetPlatform } = this.#facts;
    // Nothing is of the platform that the whole is for.
    const platform = stage.base === "scratch" ? targetPlatform : (platforms.get(stage) ?? targetPlatform);
    const { vertex, image } = await this.#base({ name: stage.base, platform }, stage.lines);
    const hasPath = (image.config.Env ?? []).some((entry) => entry.startsWith("PATH="));
    const env = hasPath ? image.config.Env : [...mergeEnv(null, [["PATH", DEFAULT_PATH]]), ...(image.config.Env ?? [])];
    const configured = withConfig(image, { Env: env });
    return { vertex, image: configured, scope: scopeOf(env), platform, hasCommand: false };
  }

  /** Variables and ranges make much of few words. */
  #checkHistory({ image: { history } }: StageState, lines: Lines): void {
    this.#historyLength += history.at(-1)?.created_by?.length ?? 0;
    if (this.#historyLength > MAX_HISTORY_LENGTH)
      throw new DockerfileError("the history of the image is too long", lines);
  }

  /** What cannot be had is the fault of the lines that want it. */
  async #base(wanted: BaseWanted, lines: Lines): Promise<Base> {
    const { bases, build, file } = this.#facts;
    try {
      return await bases.resolve(build, wanted);
    } catch (error) {
      if (!(error instanceof EngineError)) throw error;
      const step = this.#stepAt(lines);
      throw new BaseFailure(error.message, { kind: error.kind, place: { ...file, lines }, step, cause: error });
    }
  }

  #stepAt(lines: Lines): FailedStep {
    const { stages, target } = this.#facts;
    const all = stages
      .slice(0, target.index + 1)
      .flatMap((stage) => [{ stage, lines: stage.lines }, ...stage.instructions]);
    const at = all.findIndex((each) => each.lines === lines);
    const found = all[at];
    const text = found === undefined ? "" : "stage" in found ? fromText(found.stage) : found.text;
    return { number: at + 1, count: all.length, text };
  }

  async #step(
    stage: StageNode,
    state: StageState,
    { instruction, prefix, names }: { instruction: StageInstruction; prefix: string; names: StepNames },
  ): Promise<StageState> {
    const context = this.#configContext();
    this.#facts.linter.instruction(instruction, state, context);
    if (!changesFiles(instruction)) return placed(instruction.lines, () => configStep(state, instruction, context));
    const shown = shownText(state, instruction, this.#facts.escape);
    const step: StepContext = {
      ...context,
      place: { ...this.#facts.file, lines: instruction.lines },
      name: names.next(prefix + shown),
      ignoreCache: this.#ignoresCache(stage),
    };
    const sources = await this.#sourcesOf(stage, instruction);
    return placed(instruction.lines, () => this.#change(state, instruction, { step, sources }));
  }

  #change(
    state: StageState,
    instruction: FileInstruction,
    { step, sources }: { step: StepContext; sources: ReadonlyMap<string, Vertex> },
  ): StageState {
    const { options } = this.#facts;
    switch (instruction.name) {
      case "COPY":
      case "ADD": {
        const from = instruction.name === "COPY" ? instruction.from : "";
        const wanted = instruction.transfer.sources.map((source) => expandIn(state.scope, source, step).text);
        if (!sources.has(from)) this.#facts.linter.copied(instruction, wanted);
        const source = sources.get(from) ?? this.#context.vertexFor(wanted);
        if (instruction.name === "COPY") return copyStep(state, instruction, source, step);
        return addStep(state, instruction, source, step);
      }
      case "RUN": {
        const sourceOf = (from: string): Vertex => sources.get(from) ?? this.#context.vertexFor(["/"]);
        return runStep(state, instruction, { ...step, options, sourceOf });
      }
      case "WORKDIR":
        return workdirStep(state, instruction, step);
    }
  }

  /** TARGET… is what the whole is for, whatever the stage is on: that is how a stage compiles for another platform. */
  #configContext(): ConfigContext {
    const { escape, options, globalArgs, buildPlatform, targetPlatform } = this.#facts;
    const automaticArgs = platformArgs(buildPlatform, targetPlatform, options.target);
    return { escape, buildArgs: options.buildArgs, globalArgs, automaticArgs };
  }

  #ignoresCache({ name, index }: StageNode): boolean {
    const { noCache } = this.#facts.options;
    if (typeof noCache === "boolean") return noCache;
    return noCache.some((wanted) => wanted.toLowerCase() === name || wanted === String(index));
  }

  /** What an instruction reads besides its stage, by the word it uses. */
  async #sourcesOf(stage: StageNode, instruction: StageInstruction): Promise<ReadonlyMap<string, Vertex>> {
    const { stages, options, platforms, targetPlatform } = this.#facts;
    const found = new Map<string, Vertex>();
    for (const from of sourceWords(instruction)) {
      const isNamed = options.namedContexts.has(from.toLowerCase());
      const other = isNamed ? undefined : placed(instruction.lines, () => referredStage(stages, stage, from));
      if (other !== undefined) found.set(from, (await this.stateOf(other)).vertex);
      else {
        const platform = platforms.get(stage) ?? targetPlatform;
        const { vertex } = await this.#base({ name: from, platform }, instruction.lines);
        found.set(from, vertex);
      }
    }
    return found;
  }
}

const hasMounts = (instruction: StageInstruction): boolean =>
  instruction.name === "RUN" && instruction.mounts.length > 0;

const fromText = ({ base, name }: StageNode): string => `FROM ${base}${name === "" ? "" : ` AS ${name}`}`;

function sourceWords(instruction: StageInstruction): string[] {
  return [...new Set(sourcesOf(instruction))];
}

type FileInstruction = Extract<StageInstruction, { readonly name: "RUN" | "COPY" | "ADD" | "WORKDIR" }>;

function changesFiles(instruction: StageInstruction): instruction is FileInstruction {
  return ["RUN", "COPY", "ADD", "WORKDIR"].includes(instruction.name);
}

/** What a step is told by: of a linked copy the copy, not its merge with what lies below. */
const workOf = (vertex: Vertex): Vertex =>
  vertex.operation.kind === "merge" ? (vertex.inputs.at(-1) ?? vertex) : vertex;

function renamedBase(base: StageState, name: string): StageState {
  return { ...base, vertex: { ...base.vertex, name } };
}

/** The statement with its variables filled in where they are known, and here-documents in short. */
function shownText(state: StageState, instruction: StageInstruction, escape: Escape): string {
  const keyword = instruction.keyword;
  const statement = instruction.name + instruction.text.slice(keyword.length);
  const shown = expandShown(state, statement, escape);
  if (instruction.name !== "RUN") return shown;
  const [file] = instruction.files;
  return file === undefined ? shown : `${shown} (${summaryOf(file.text)})`;
}

function expandShown(state: StageState, statement: string, escape: Escape): string {
  try {
    return expandIn(state.scope, statement, { escape, rawQuotes: true, keepUnset: true }).text;
  } catch (error) {
    if (error instanceof DockerfileError) return statement;
    throw error;
  }
}
