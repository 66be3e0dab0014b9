/** Instructions that only change the image's configuration and the stage's variables. Pure. */
import { posix } from "node:path";
import { formatDurationMs } from "../../base/duration.ts";
import { expand } from "../../dockerfile/expand.ts";
import type { Instruction, InstructionOf } from "../../dockerfile/instruction.ts";
import { DockerfileError } from "../../dockerfile/place.ts";
import type { HealthConfig } from "../../wire/container.ts";
import { goQuote, goQuoteList } from "./describe.ts";
import { expandIn, mergeEnv, withVariables } from "./environment.ts";
import { withConfig, withStep } from "./image-state.ts";
import { parsePorts } from "./ports.ts";
import type { Escape, StageState } from "./stage-state.ts";

export interface ConfigContext {
  readonly escape: Escape;
  /** From the client, and those before the first FROM. */
  readonly buildArgs: ReadonlyMap<string, string>;
  readonly globalArgs: ReadonlyMap<string, string>;
  /** The file's own stages may say this before their first step: arguments that are there without a value of theirs. */
  readonly automaticArgs: ReadonlyMap<string, string>;
}

/** Instructions that change files. */
type FileInstructionName = "ADD" | "COPY" | "FROM" | "RUN" | "WORKDIR";
export type ConfigInstruction = Exclude<Instruction, { readonly name: FileInstructionName }>;

export function configStep(state: StageState, instruction: ConfigInstruction, context: ConfigContext): StageState {
  switch (instruction.name) {
    case "ENV":
      return environment(state, instruction, context);
    case "LABEL":
      return labels(state, instruction, context);
    case "ARG":
      return args(state, instruction, context);
    case "CMD":
      return command(state, instruction);
    case "ENTRYPOINT":
      return entrypoint(state, instruction);
    case "EXPOSE":
      return expose(state, instruction, context);
    case "HEALTHCHECK":
      return healthcheck(state, instruction);
    case "MAINTAINER":
      return maintainer(state, instruction);
    case "ONBUILD":
      return configured(state, { OnBuild: [...(state.image.config.OnBuild ?? []), instruction.trigger] });
    case "SHELL":
      return told(configured(state, { Shell: [...instruction.shell] }), `SHELL [${instruction.shell.join(" ")}]`);
    case "STOPSIGNAL": {
      const signal = expandedWord(state, instruction.signal, context);
      return told(configured(state, { StopSignal: signal }), `STOPSIGNAL ${signal}`);
    }
    case "USER": {
      const user = expandedWord(state, instruction.user, context);
      return told(configured(state, { User: user }), `USER ${user}`);
    }
    case "VOLUME":
      return volumes(state, instruction, context);
  }
}

function maintainer({ image, ...state }: StageState, { author }: InstructionOf<"MAINTAINER">): StageState {
  return { ...state, image: withStep({ ...image, author }, `MAINTAINER ${author}`, false) };
}

export function expandedWord(state: StageState, text: string, { escape }: Pick<ConfigContext, "escape">): string {
  return expandIn(state.scope, text, { escape }).text;
}

const configured = (state: StageState, change: Partial<StageState["image"]["config"]>): StageState => ({
  ...state,
  image: withConfig(state.image, change),
});

const told = (state: StageState, createdBy: string): StageState => ({
  ...state,
  image: withStep(state.image, createdBy, false),
});

function environment(state: StageState, { pairs }: InstructionOf<"ENV" | "LABEL">, context: ConfigContext): StageState {
  // All values see the variables as they were before the instruction.
  const values = pairs.map(({ key, value }): [string, string] => [
    expandedWord(state, key, context),
    expandedWord(state, value, context),
  ]);
  const scope = withVariables(state.scope, values);
  const text = values.map(([key, value]) => `${key}=${value}`).join(" ");
  return told(configured({ ...state, scope }, { Env: mergeEnv(state.image.config.Env, values) }), `ENV ${text}`);
}

function labels(state: StageState, { pairs }: InstructionOf<"ENV" | "LABEL">, context: ConfigContext): StageState {
  const values = pairs.map(({ key, value }): [string, string] => [
    expandedWord(state, key, context),
    expandedWord(state, value, context),
  ]);
  const text = values.map(([key, value]) => `${key}=${value}`).join(" ");
  const all = { ...state.image.config.Labels, ...Object.fromEntries(values) };
  return told(configured(state, { Labels: all }), `LABEL ${text}`);
}

function args(state: StageState, instruction: InstructionOf<"ARG">, context: ConfigContext): StageState {
  const { buildArgs, globalArgs, automaticArgs } = context;
  const variables = new Map(state.scope.variables);
  const declared = instruction.args.map(({ key: rawKey, value: rawValue }) => {
    // Each sees those before it.
    const key = expand(rawKey, variables, context).text;
    const fallback = rawValue === undefined ? undefined : expand(rawValue, variables, context).text;
    const value = buildArgs.get(key) ?? fallback ?? globalArgs.get(key) ?? automaticArgs.get(key);
    if (value !== undefined) variables.set(key, value);
    return { key, value };
  });
  const texts = declared.map(({ key, value }) => (value === undefined ? key : `${key}=${value}`));
  const scope = withVariables({ variables, args: [...state.scope.args, ...declared] }, []);
  return told({ ...state, scope }, `ARG ${texts.join(" ")}`);
}

/** The shell that runs commands that are no list. */
export function shellOf({ image }: StageState): readonly string[] {
  return image.config.Shell ?? ["/bin/sh", "-c"];
}

function commandWords(state: StageState, { command: { words, shell } }: InstructionOf<"CMD" | "ENTRYPOINT">): string[] {
  return shell ? [...shellOf(state), words.join(" ")] : [...words];
}

function command(state: StageState, instruction: InstructionOf<"CMD" | "ENTRYPOINT">): StageState {
  const words = commandWords(state, instruction);
  return {
    ...told(configured(state, { Cmd: words, ArgsEscaped: true }), `CMD ${goQuoteList(words)}`),
    hasCommand: true,
  };
}

/** A new entry point makes the base image's command meaningless. */
function entrypoint(state: StageState, instruction: InstructionOf<"CMD" | "ENTRYPOINT">): StageState {
  const words = commandWords(state, instruction);
  const change = state.hasCommand ? { Entrypoint: words } : { Entrypoint: words, Cmd: null };
  return told(configured(state, change), `ENTRYPOINT ${goQuoteList(words)}`);
}

function expose(state: StageState, { ports }: InstructionOf<"EXPOSE">, context: ConfigContext): StageState {
  const words = ports.flatMap((port) => expandIn(state.scope, port, context).words);
  const names = parsePorts(words);
  const all = { ...state.image.config.ExposedPorts, ...Object.fromEntries(names.map((name) => [name, {}])) };
  return told(configured(state, { ExposedPorts: all }), `EXPOSE [${names.join(" ")}]`);
}

function healthcheck(state: StageState, { test, options }: InstructionOf<"HEALTHCHECK">): StageState {
  const { interval, timeout, startPeriod, startInterval, retries } = options;
  const health: HealthConfig = {
    Test: [...test],
    ...(interval === 0 ? {} : { Interval: interval }),
    ...(timeout === 0 ? {} : { Timeout: timeout }),
    ...(startPeriod === 0 ? {} : { StartPeriod: startPeriod }),
    ...(startInterval === 0 ? {} : { StartInterval: startInterval }),
    ...(retries === 0 ? {} : { Retries: retries }),
  };
  const times = [interval, timeout, startPeriod, startInterval].map((ns) => goQuote(formatDurationMs(ns / 1e6)));
  const shown = `HEALTHCHECK &{${goQuoteList(test)} ${times.join(" ")} ${goRune(retries)}}`;
  return told(configured(state, { Healthcheck: health }), shown);
}

/** Go's %q of a number, which it takes for a character. */
function goRune(code: number): string {
  const escapes: Readonly<Record<number, string>> = {
    7: "\\a",
    8: "\\b",
    9: "\\t",
    10: "\\n",
    11: "\\v",
    12: "\\f",
    13: "\\r",
  };
  if (code < 32) return `'${escapes[code] ?? `\\x${code.toString(16).padStart(2, "0")}`}'`;
  return `'${String.fromCodePoint(code)}'`;
}

function volumes(state: StageState, instruction: InstructionOf<"VOLUME">, context: ConfigContext): StageState {
  const paths = instruction.volumes.map((volume) => expandedWord(state, volume, context));
  if (paths.includes("")) throw new DockerfileError("VOLUME specified can not be an empty string");
  const all = { ...state.image.config.Volumes, ...Object.fromEntries(paths.map((path) => [path, {}])) };
  return told(configured(state, { Volumes: all }), `VOLUME [${paths.join(" ")}]`);
}

/** Absolute and clean; a relative path goes on from the last WORKDIR. */
export function resolvePath(state: StageState, path: string): string {
  return posix.resolve("/", state.image.config.WorkingDir || "/", path);
}
