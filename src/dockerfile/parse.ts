/** A Dockerfile's text into stages of typed instructions. Pure. */
import type { Directives } from "./directives.ts";
import type { Instruction, InstructionOf } from "./instruction.ts";
import { parseInstruction } from "./parse-instruction.ts";
import { DockerfileError, type Lines, NotationError, placed } from "./place.ts";
import { readStatements, type Statement } from "./statements.ts";

/** Everything but FROM, which begins a stage. */
export type StageInstruction = Exclude<Instruction, { readonly name: "FROM" }>;

export interface Stage {
  readonly from: InstructionOf<"FROM">;
  readonly instructions: readonly StageInstruction[];
}

export interface Dockerfile {
  readonly directives: Directives;
  /** Before the first FROM. */
  readonly globalArgs: readonly InstructionOf<"ARG">[];
  readonly stages: readonly Stage[];
  readonly emptyContinuations: readonly Lines[];
}

/** Throws DockerfileError with its place and BuildKit's message. */
export function parseDockerfile(text: string): Dockerfile {
  const { directives, statements, emptyContinuations } = readStatements(text);
  const globalArgs: InstructionOf<"ARG">[] = [];
  const stages: { from: InstructionOf<"FROM">; instructions: StageInstruction[] }[] = [];
  for (const statement of statements) {
    const instruction = parsePlaced(statement, directives);
    const stage = stages.at(-1);
    if (instruction.name === "FROM") stages.push({ from: instruction, instructions: [] });
    else if (stage !== undefined) stage.instructions.push(instruction);
    else if (instruction.name === "ARG") globalArgs.push(instruction);
    else throw new DockerfileError("no build stage in current context", statement.lines);
  }
  return { directives, globalArgs, stages, emptyContinuations };
}

/** The instruction that an ONBUILD of a base image holds; `lines` are those of the FROM that brought it. */
export function parseTrigger(trigger: string, lines: Lines): StageInstruction {
  const { directives, statements } = readStatements(trigger);
  const [statement, ...more] = statements;
  if (statement === undefined || more.length > 0) {
    throw new DockerfileError(`onbuild trigger should be a single expression: ${trigger}`, lines);
  }
  const instruction = parsePlaced({ ...statement, lines }, directives);
  if (instruction.name === "FROM") throw new DockerfileError("FROM isn't allowed as an ONBUILD trigger", lines);
  return instruction;
}

/** Faulty notation is told as it is, a fault of the instruction with its line. */
function parsePlaced(statement: Statement, { escape }: Directives): Instruction {
  const say = (error: DockerfileError): string =>
    error instanceof NotationError
      ? error.message
      : `dockerfile parse error on line ${statement.lines.first}: ${error.message}`;
  return placed(statement.lines, () => parseInstruction(statement, escape), say);
}
