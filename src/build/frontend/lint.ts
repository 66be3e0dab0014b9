/** Gathers what a Dockerfile should better not do, by the rules that its `# check=` directive leaves on. */

import { ExpansionError } from "../../dockerfile/expand.ts";
import { IgnoreMatcher } from "../../dockerfile/ignore.ts";
import type { Instruction, InstructionOf } from "../../dockerfile/instruction.ts";
import type { Dockerfile, Stage } from "../../dockerfile/parse.ts";
import type { Lines } from "../../dockerfile/place.ts";
import { nearest } from "../../dockerfile/suggest.ts";
import { type CheckOptions, parseCheck } from "./check-options.ts";
import { expandIn } from "./environment.ts";
import { type LintRule, RULES } from "./lint-rules.ts";
import { PROXY_ARGS } from "./platform-args.ts";
import { isGitAddress, isHttpAddress } from "./remote-sources.ts";
import type { Escape, StageState } from "./stage-state.ts";

export interface Finding {
  readonly rule: LintRule;
  readonly detail: string;
  readonly lines: Lines;
}

export class Linter {
  #options: CheckOptions = parseCheck("");
  readonly #findings = new Map<string, Finding>();
  #ignored: IgnoreMatcher | undefined;
  /** Looking for names that were meant takes time: the first ones get it. */
  #hints = 100;

  /** What a `# check=` directive says. Throws BuildFailure. */
  configure(check: string): void {
    this.#options = parseCheck(check);
  }

  /** In the order of the lines. One place breaks a rule in one way once. */
  get findings(): Finding[] {
    return [...this.#findings.values()].sort((a, b) => a.lines.first - b.lines.first);
  }

  /** `error=true` makes findings an error. */
  get failure(): string | undefined {
    const count = this.#findings.size;
    return this.#options.isError && count > 0 ? "lint violation found for rules: " + this.#ruleNames() : undefined;
  }

  #ruleNames(): string {
    return [...new Set(this.findings.map(({ rule }) => rule.name))].sort().join(", ");
  }

  tell(rule: LintRule, detail: string, lines: Lines): void {
    const { skipAll, skipped, experimentalAll, experimental } = this.#options;
    const isOff = rule.experimental
      ? !experimentalAll && !experimental.has(rule.name)
      : skipAll || skipped.has(rule.name);
    if (isOff) return;
    this.#findings.set(`${rule.name} ${lines.first} ${detail}`, { rule, detail, lines });
  }

  /** Patterns of .dockerignore: what they leave out of the context is not to be copied from it. */
  ignoring(patterns: readonly string[]): void {
    this.#ignored = new IgnoreMatcher(patterns);
  }

  /** Sources in the context, after expansion. */
  copied({ name, lines }: Instruction, sources: readonly string[]): void {
    const verb = name === "ADD" ? "Add" : "Copy";
    for (const source of sources) {
      if (isHttpAddress(source) || isGitAddress(source) || this.#ignored?.ignores(source) !== true) continue;
      const detail = `Attempting to ${verb} file ${JSON.stringify(source)} that is excluded by .dockerignore`;
      this.tell(RULES.copyIgnoredFile, detail, lines);
    }
  }

  /** What the text by itself shows. */
  file(file: Dockerfile): void {
    for (const lines of file.emptyContinuations) {
      this.tell(RULES.noEmptyContinuation, "Empty continuation line", { first: lines.last, last: lines.last });
    }
    this.#casing(file);
    this.#stageNames(file.stages);
    for (const each of [
      ...file.globalArgs,
      ...file.stages.flatMap(({ from, instructions }) => [from, ...instructions]),
    ]) {
      if (each.name === "FROM")
        this.#comment(
          each,
          [each.stage].filter((stage) => stage !== ""),
        );
      if (each.name === "ARG")
        this.#comment(
          each,
          each.args.map(({ key }) => key),
        );
      if (each.name !== "MAINTAINER") continue;
      const detail = "Maintainer instruction is deprecated in favor of using label";
      this.tell(RULES.maintainerDeprecated, detail, each.lines);
    }
  }

  /** A comment before a definition begins with what it defines. */
  #comment({ name, comment, lines }: InstructionOf<"FROM" | "ARG">, keys: readonly string[]): void {
    const [first] = keys;
    if (comment === "" || first === undefined || keys.includes(comment.split(" ", 1)[0] ?? "")) return;
    const example = keys.length > 1 ? "<arg_key>" : first;
    const detail = `Comment for ${name} should follow the format: \`# ${example} <description>\``;
    this.tell(RULES.invalidDefinitionDescription, detail, lines);
  }

  /** What an instruction of a stage that is built shows, with the variables it sees. */
  instruction(instruction: Instruction, state: StageState, { escape }: { escape: Escape }): void {
    const { name, lines } = instruction;
    if (name === "CMD" || name === "ENTRYPOINT") this.#shellForm(instruction, state);
    if (name === "WORKDIR") this.#relativeWorkdir(instruction, state, escape);
    if (name === "ENV" || name === "LABEL") this.#pairs(instruction);
    if (name === "ARG") for (const { key } of instruction.args) this.#secretName("ARG", key, lines);
    if (name === "EXPOSE") this.#ports(instruction);
    this.#undefinedVariables(instruction, state, escape);
  }

  #shellForm({ name, command, lines }: InstructionOf<"CMD" | "ENTRYPOINT">, { image }: StageState): void {
    if (!command.shell || image.config.Shell !== undefined) return;
    const why = "to prevent unintended behavior related to OS signals";
    this.tell(RULES.jsonArgsRecommended, `JSON arguments recommended for ${name} ${why}`, lines);
  }

  #relativeWorkdir({ path, lines }: InstructionOf<"WORKDIR">, { image, scope }: StageState, escape: Escape): void {
    const expanded = expandedOf(() => expandIn(scope, path, { escape }).text);
    const isRelative = expanded !== undefined && !expanded.startsWith("/");
    if (!isRelative || (image.config.WorkingDir || "/") !== "/") return;
    const what = `Relative workdir ${JSON.stringify(expanded)}`;
    this.tell(RULES.workdirRelativePath, `${what} can have unexpected results if the base image changes`, lines);
  }

  #casing({ stages, globalArgs }: Dockerfile): void {
    const all: Instruction[] = [...globalArgs, ...stages.flatMap(({ from, instructions }) => [from, ...instructions])];
    const isUpper = (word: string): boolean => word === word.toUpperCase();
    const isLower = (word: string): boolean => word === word.toLowerCase();
    const upper = all.filter(({ keyword }) => isUpper(keyword)).length;
    const lower = all.filter(({ keyword }) => isLower(keyword)).length;
    const majority = lower > upper ? "lowercase" : "uppercase";
    for (const { keyword, lines } of all) {
      if (majority === "lowercase" ? isLower(keyword) : isUpper(keyword)) continue;
      const detail = `Command '${keyword}' should match the case of the command majority (${majority})`;
      this.tell(RULES.consistentInstructionCasing, detail, lines);
    }
  }

  #stageNames(stages: readonly Stage[]): void {
    const seen = new Set<string>();
    for (const { from } of stages) {
      const { stage, lines, text, keyword } = from;
      if (stage === "") continue;
      const [, as = "", given = stage] = /\s(as)\s+(\S+)\s*$/i.exec(text) ?? [];
      if (given !== stage) this.tell(RULES.stageNameCasing, `Stage name '${given}' should be lowercase`, lines);
      if (stage === "scratch" || stage === "context") {
        this.tell(
          RULES.reservedStageName,
          `Stage name should not use the same name as reserved stage ${JSON.stringify(stage)}`,
          lines,
        );
      }
      if (seen.has(stage)) {
        const detail = `Duplicate stage name ${JSON.stringify(stage)}, stage names should be unique`;
        this.tell(RULES.duplicateStageName, detail, lines);
      }
      seen.add(stage);
      const caseOf = (word: string): string =>
        word === word.toUpperCase() ? "upper" : word === word.toLowerCase() ? "lower" : "mixed";
      if (as !== "" && caseOf(as) !== caseOf(keyword)) {
        this.tell(RULES.fromAsCasing, `'${as}' and '${keyword}' keywords' casing do not match`, lines);
      }
    }
  }

  /** Of CMD, ENTRYPOINT and HEALTHCHECK only the last one of a stage counts. */
  repeated(stage: Stage): void {
    for (const name of ["CMD", "ENTRYPOINT", "HEALTHCHECK"] as const) {
      const found = stage.instructions.filter((each) => each.name === name);
      for (const each of found.slice(0, -1)) {
        const detail = `Multiple ${name} instructions should not be used in the same stage because only the last one will be used`;
        this.tell(RULES.multipleInstructionsDisallowed, detail, each.lines);
      }
    }
  }

  #pairs({ name, pairs, lines }: InstructionOf<"ENV" | "LABEL">): void {
    for (const { key, legacy } of pairs) {
      if (legacy) {
        const detail = `${JSON.stringify(`${name} key=value`)} should be used instead of legacy ${JSON.stringify(`${name} key value`)} format`;
        this.tell(RULES.legacyKeyValueFormat, detail, lines);
      }
      if (name === "ENV") this.#secretName("ENV", key, lines);
    }
  }

  #secretName(instruction: string, key: string, lines: Lines): void {
    if (!SECRET_NAME.test(key) || PUBLIC_NAME.test(key)) return;
    const detail = `Do not use ARG or ENV instructions for sensitive data (${instruction} ${JSON.stringify(key)})`;
    this.tell(RULES.secretsUsedInArgOrEnv, detail, lines);
  }

  #ports({ ports, lines }: InstructionOf<"EXPOSE">): void {
    for (const port of ports) {
      const [spec = "", protocol = ""] = port.split("/", 2);
      if (spec.includes(":")) {
        const detail = `EXPOSE instruction should not define an IP address or host-port mapping, found '${port}'`;
        this.tell(RULES.exposeInvalidFormat, detail, lines);
      }
      if (protocol !== protocol.toLowerCase()) {
        const detail = `Defined protocol '${port}' in EXPOSE instruction should be lowercase`;
        this.tell(RULES.exposeProtoCasing, detail, lines);
      }
    }
  }

  #undefinedVariables(instruction: Instruction, state: StageState, escape: Escape): void {
    const unset = new Set(expandedTexts(instruction).flatMap((text) => unsetNames(state, text, escape)));
    // An argument that nobody gave a value is declared all the same.
    const declared = new Set(unset.size === 0 ? [] : [...PROXY_ARGS, ...state.scope.args.map(({ key }) => key)]);
    for (const name of unset) {
      if (!declared.has(name)) {
        const near = this.#hints-- > 0 ? nearest(name, [...state.scope.variables.keys()]) : undefined;
        const hint = near === undefined ? "" : ` (did you mean $${near}?)`;
        this.tell(RULES.undefinedVar, `Usage of undefined variable '$${name}'${hint}`, instruction.lines);
      }
    }
  }
}

const SECRET_NAME = /(?:_|^)(?:apikey|auth|credential|credentials|key|password|pword|passwd|secret|token)(?:_|$)/i;
const PUBLIC_NAME = /(?:_|^)public(?:_|$)/i;

/** Undefined for a text that cannot be expanded: that is told as an error, in its turn. */
function expandedOf(expand: () => string): string | undefined {
  try {
    return expand();
  } catch (error) {
    if (error instanceof ExpansionError) return undefined;
    throw error;
  }
}

function unsetNames(state: StageState, text: string, escape: Escape): string[] {
  try {
    return [...expandIn(state.scope, text, { escape }).unset];
  } catch (error) {
    // That it cannot be expanded is told as an error, in its turn.
    if (error instanceof ExpansionError) return [...error.unset];
    throw error;
  }
}

/** The parts of an instruction in which variables are expanded. */
function expandedTexts(instruction: Instruction): readonly string[] {
  switch (instruction.name) {
    case "ENV":
    case "LABEL":
      return instruction.pairs.flatMap(({ key, value }) => [key, value]);
    case "COPY":
    case "ADD": {
      const { sources, destination, chown, chmod, inline } = instruction.transfer;
      const documents = inline.flatMap(({ expand, text }) => (expand ? [text.replaceAll(/['"]/g, "")] : []));
      return [...sources, destination, chown, chmod, ...documents];
    }
    case "EXPOSE":
      return instruction.ports;
    case "STOPSIGNAL":
      return [instruction.signal];
    case "USER":
      return [instruction.user];
    case "VOLUME":
      return instruction.volumes;
    case "WORKDIR":
      return [instruction.path];
    case "ARG":
    case "CMD":
    case "ENTRYPOINT":
    case "FROM":
    case "HEALTHCHECK":
    case "MAINTAINER":
    case "ONBUILD":
    case "RUN":
    case "SHELL":
      return [];
  }
}
