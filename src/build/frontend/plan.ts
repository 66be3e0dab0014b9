/** The Dockerfile frontend: from a client's options to a graph and an image's configuration, nothing built yet. */
import { EngineError } from "../../base/errors.ts";
import { expand } from "../../dockerfile/expand.ts";
import type { InstructionOf } from "../../dockerfile/instruction.ts";
import type { Dockerfile } from "../../dockerfile/parse.ts";
import { parseDockerfile } from "../../dockerfile/parse.ts";
import { DockerfileError, placed } from "../../dockerfile/place.ts";
import { type Platform, platformText } from "../../wire/platform.ts";
import type { Build, FrontendOptions, Plan, PlannedResult, PlannedStep } from "../builder.ts";
import { BuildFailure, EmptyDockerfile, type FileText, failureIn } from "../failure.ts";
import type { Vertex } from "../operation.ts";
import { Assembly, type ContextPaths } from "./assemble.ts";
import { Bases, type ImageResolver } from "./bases.ts";
import { contextVertex, type Definition, loadDefinition, type SourceReader } from "./definition.ts";
import { toConfigJson } from "./image-state.ts";
import { Linter } from "./lint.ts";
import { RULES } from "./lint-rules.ts";
import { platformArgs } from "./platform-args.ts";
import { findTarget, type StageNode } from "./stage-graph.ts";
import { answerSubrequest, LINT } from "./subrequests.ts";
import { refuseForeignFrontend } from "./syntax.ts";
import { unusedArgs } from "./unused-args.ts";

export interface FrontendDeps extends ImageResolver, SourceReader {
  /** This machine's. */
  readonly platform: Platform;
  /** Throws invalidParameter. */
  parsePlatform(text: string): Platform;
}

export async function planBuild(deps: FrontendDeps, build: Build, options: FrontendOptions): Promise<Plan> {
  const definition = await loadDefinition(deps, build, options);
  const { fileName, text } = definition;
  const file = { fileName, text };
  const linter = new Linter();
  const planning = { build, options, definition, file, linter };
  try {
    if (options.subrequest === "") return await planText(deps, planning);
    const examine = async (): Promise<Dockerfile> => (await planText(deps, planning)).dockerfile;
    return {
      results: [],
      steps: [],
      unusedArgs: [],
      metadata: await answerSubrequest(options, { file, linter, examine }),
    };
  } catch (error) {
    throw failureIn(file, error);
  }
}

interface Reading {
  readonly build: Build;
  readonly options: FrontendOptions;
  readonly definition: Definition;
  readonly file: FileText;
  readonly linter: Linter;
}

interface Planning extends Reading {
  readonly dockerfile: Dockerfile;
}

async function planText(deps: FrontendDeps, reading: Reading): Promise<Plan & { readonly dockerfile: Dockerfile }> {
  const { options, linter, file } = reading;
  if (file.text === "") throw new EmptyDockerfile(file.fileName);
  const dockerfile = parseDockerfile(file.text);
  refuseForeignFrontend(dockerfile.directives, options.buildArgs);
  linter.configure(options.check || (dockerfile.directives.check ?? ""));
  const planning = { ...reading, dockerfile };
  try {
    return { ...(await planFile(deps, planning)), dockerfile };
  } finally {
    if (options.subrequest !== LINT) tellFindings(planning);
  }
}

async function planFile(deps: FrontendDeps, planning: Planning): Promise<Plan> {
  const { options, build, definition, dockerfile, linter } = planning;
  linter.ignoring(definition.ignored);
  linter.file(dockerfile);
  const platforms =
    options.platforms.length === 0 ? [deps.platform] : options.platforms.map((word) => deps.parsePlatform(word));
  const results: PlannedResult[] = [];
  const steps: PlannedStep[] = [];
  for (const platform of options.subrequest === "" ? platforms : platforms.slice(0, 1)) {
    const planned = await planPlatform(deps, planning, { platform, isOne: platforms.length === 1 });
    results.push(planned.result);
    if (results.length === 1) steps.push(...planned.steps);
  }
  if (linter.failure !== undefined) throw new BuildFailure(linter.failure, { kind: "invalidParameter" });
  build.signal.throwIfAborted();
  return { results, steps, unusedArgs: unusedArgs(dockerfile, options.buildArgs), metadata: new Map() };
}

function tellFindings({ build, definition, file, linter }: Planning): void {
  for (const { rule, detail, lines } of linter.findings) {
    build.report({
      kind: "warning",
      vertex: definition.vertex.digest,
      level: 1,
      short: `${rule.name}: ${detail} (line ${lines.first})`,
      detail: [rule.description],
      url: rule.url,
      place: { ...file, lines },
    });
  }
}

interface PlatformPlanning {
  readonly platform: Platform;
  readonly isOne: boolean;
}

async function planPlatform(
  deps: FrontendDeps,
  { build, options, definition, file, dockerfile, linter }: Planning,
  { platform, isOne }: PlatformPlanning,
): Promise<{ result: PlannedResult; steps: PlannedStep[] }> {
  const { escape } = dockerfile.directives;
  const automatic = platformArgs(deps.platform, platform, options.target);
  const globalArgs = globalArgsOf(dockerfile, options, automatic);
  const { stages, platforms } = stagesOf(deps, {
    dockerfile,
    linter,
    variables: new Map([...automatic, ...globalArgs]),
  });
  const target = findTarget(stages, options.target);
  for (const [index, stage] of dockerfile.stages.entries()) if (index <= target.index) linter.repeated(stage);
  const facts = {
    build,
    options,
    stages,
    escape,
    file,
    globalArgs,
    buildPlatform: deps.platform,
    targetPlatform: platform,
    platforms,
    bases: new Bases(deps, deps, options),
    linter,
    target,
    showPlatform: isOne ? "" : platformText(platform),
  };
  // Twice: what the whole graph reads of the context is known only at its end, and is part of every digest.
  const paths = new Set<string>();
  const first = new Assembly(facts, notePaths(paths, definition.vertex));
  if (options.subrequest === LINT && options.target === "") for (const stage of stages) await first.stateOf(stage);
  await first.result();
  const context = contextOf(options, [...paths], definition);
  const assembly = new Assembly(facts, { vertexFor: () => context() });
  const state = await assembly.result();
  const result = {
    platform: state.platform,
    vertex: state.vertex,
    config: toConfigJson(state.image),
    epoch: epochOf(options),
  };
  return { result, steps: assembly.steps };
}

/** Throws BuildFailure. */
function epochOf({ buildArgs }: FrontendOptions): number | undefined {
  const text = buildArgs.get("SOURCE_DATE_EPOCH") ?? "";
  if (text === "") return undefined;
  if (/^\d{1,12}$/.test(text)) return Number(text);
  throw new BuildFailure(`invalid SOURCE_DATE_EPOCH: ${text}`, { kind: "invalidParameter" });
}

const notePaths = (paths: Set<string>, anything: Vertex): ContextPaths => ({
  vertexFor: (wanted) => {
    for (const path of wanted) paths.add(path.replace(/^\/+/, "") || ".");
    return anything;
  },
});

/** Made when the first instruction asks for it: a context that is an image can serve all others. */
function contextOf(options: FrontendOptions, paths: readonly string[], { ignored }: Definition): () => Vertex {
  const follow = paths.some((path) => path === "." || path === "") ? [] : paths.toSorted();
  let vertex: Vertex | undefined;
  return () => {
    vertex ??= contextVertex(options.context, { name: "[internal] load build context", follow, ignored });
    return vertex;
  };
}

/** Values of the client go before defaults, which may use those before them. */
function globalArgsOf(
  { globalArgs, directives: { escape } }: Dockerfile,
  { buildArgs }: FrontendOptions,
  automatic: ReadonlyMap<string, string>,
): Map<string, string> {
  const values = new Map<string, string>();
  const known = new Map(automatic);
  for (const { args, lines } of globalArgs) {
    for (const { key, value } of args) {
      const fallback = value === undefined ? undefined : placed(lines, () => expand(value, known, { escape }).text);
      const chosen = buildArgs.get(key) ?? fallback ?? automatic.get(key);
      if (chosen === undefined) continue;
      values.set(key, chosen);
      known.set(key, chosen);
    }
  }
  return values;
}

interface StageFacts {
  readonly dockerfile: Dockerfile;
  readonly linter: Linter;
  /** What FROM may use. */
  readonly variables: ReadonlyMap<string, string>;
}

function stagesOf(
  deps: FrontendDeps,
  { dockerfile, linter, variables }: StageFacts,
): { stages: StageNode[]; platforms: Map<StageNode, Platform> } {
  const { escape } = dockerfile.directives;
  const platforms = new Map<StageNode, Platform>();
  const defaults = defaultArgs(dockerfile);
  const stages = dockerfile.stages.map(({ from, instructions }, index): StageNode => {
    const { lines } = from;
    const base = placed(lines, () => expand(from.base, variables, { escape }));
    for (const name of base.unset) {
      linter.tell(RULES.undefinedArgInFrom, `FROM argument '${name}' is not declared`, lines);
    }
    checkDefaultBase(deps, linter, { base: expand(from.base, defaults, { escape }).text, from });
    if (base.text === "") throw new DockerfileError(`base name (${from.base}) should not be blank`, lines);
    const stage = { index, name: from.stage, base: base.text, instructions, lines };
    const platform = platformOf(deps, { text: from.platform, variables, escape, lines, linter });
    if (platform !== undefined) platforms.set(stage, platform);
    return stage;
  });
  return { stages, platforms };
}

/** What FROM sees without arguments of the client. */
function defaultArgs({ globalArgs, directives: { escape } }: Dockerfile): Map<string, string> {
  const defaults = new Map<string, string>();
  for (const { key, value } of globalArgs.flatMap(({ args }) => args)) {
    if (value !== undefined) defaults.set(key, expand(value, defaults, { escape }).text);
  }
  return defaults;
}

/** Without arguments of the client the base has to have a name as well. */
function checkDefaultBase(
  deps: FrontendDeps,
  linter: Linter,
  { base, from }: { readonly base: string; readonly from: InstructionOf<"FROM"> },
): void {
  if (isName(deps, base)) return;
  const detail = `Default value for ARG ${from.base} results in empty or invalid base image name`;
  linter.tell(RULES.invalidDefaultArgInFrom, detail, from.lines);
}

function isName(deps: FrontendDeps, text: string): boolean {
  try {
    return deps.canonical(text) !== "";
  } catch (error) {
    if (error instanceof EngineError) return false;
    throw error;
  }
}

interface PlatformWords {
  readonly text: string;
  readonly variables: ReadonlyMap<string, string>;
  readonly escape: Dockerfile["directives"]["escape"];
  readonly lines: StageNode["lines"];
  readonly linter: Linter;
}

function platformOf(
  deps: FrontendDeps,
  { text, variables, escape, lines, linter }: PlatformWords,
): Platform | undefined {
  if (text === "") return undefined;
  const { text: word } = placed(lines, () => expand(text, variables, { escape }));
  if (word === "") throw new DockerfileError(`empty platform value from expression ${text}`, lines);
  const platform = parsed(deps, word, lines);
  if (/^\$\{?TARGETPLATFORM\}?$/.test(text)) {
    const detail = `Setting platform to predefined ${text} in FROM is redundant as this is the default behavior`;
    linter.tell(RULES.redundantTargetPlatform, detail, lines);
  } else if (!text.includes("$")) {
    linter.tell(
      RULES.fromPlatformFlagConstDisallowed,
      `FROM --platform flag should not use constant value ${JSON.stringify(text)}`,
      lines,
    );
  }
  return platform;
}

function parsed(deps: FrontendDeps, word: string, lines: StageNode["lines"]): Platform {
  try {
    return deps.parsePlatform(word);
  } catch (error) {
    if (!(error instanceof EngineError)) throw error;
    throw new DockerfileError(`failed to parse platform ${word}: ${error.message}`, lines, { cause: error });
  }
}
