/** Which stages a Dockerfile has, on what each builds and from which it copies, and which of them a target needs. Pure. */
import type { StageInstruction } from "../../dockerfile/parse.ts";
import { DockerfileError, type Lines } from "../../dockerfile/place.ts";
import { mountFrom } from "../../dockerfile/run-mount.ts";
import { nearest } from "../../dockerfile/suggest.ts";

export interface StageNode {
  readonly index: number;
  /** In lower case, or "". */
  readonly name: string;
  /** Expanded: a stage's name, an image's, "scratch". */
  readonly base: string;
  readonly instructions: readonly StageInstruction[];
  readonly lines: Lines;
}

/** The last earlier stage of this name, whatever its case. */
function findStage<S extends StageNode>(stages: readonly S[], name: string, before = stages.length): S | undefined {
  const wanted = name.toLowerCase();
  return stages.slice(0, before).findLast((stage) => stage.name !== "" && stage.name === wanted);
}

/** The stage that `stage` is built on, if it is one: FROM names it in lower case. */
export function parentOf<S extends StageNode>(stages: readonly S[], { base, index }: StageNode): S | undefined {
  return base === base.toLowerCase() ? findStage(stages, base, index) : undefined;
}

/** By name or number; the last stage for "". Throws DockerfileError. */
export function findTarget<S extends StageNode>(stages: readonly S[], target: string): S {
  const last = stages.at(-1);
  if (last === undefined) throw new DockerfileError("dockerfile contains no stages to build");
  if (target === "") return last;
  const found = findStage(stages, target) ?? (/^\d+$/.test(target) ? stages[Number(target)] : undefined);
  if (found !== undefined) return found;
  const near = nearest(target, stages.map(({ name }) => name).filter(Boolean));
  const hint = near === undefined ? "" : ` (did you mean ${near}?)`;
  throw new DockerfileError(`target stage ${JSON.stringify(target)} could not be found${hint}`);
}

/** What an instruction reads besides its stage: names of stages, named contexts or images, or numbers of stages. */
export function sourcesOf(instruction: StageInstruction): string[] {
  if (instruction.name === "COPY") return instruction.from === "" ? [] : [instruction.from];
  if (instruction.name === "RUN") return instruction.mounts.map(mountFrom).filter((name) => name !== "");
  return [];
}

/** The stage that `from` means in stage `node`, if it means one. Throws DockerfileError for numbers out of range and stages to come. */
export function referredStage<S extends StageNode>(stages: readonly S[], node: S, from: string): S | undefined {
  if (/^\d+$/.test(from)) {
    const index = Number(from);
    if (index >= stages.length) throw new DockerfileError(`invalid stage index ${from}`);
    if (index === node.index) throw circular(node);
    if (index > node.index) throw undefinedYet(from, node);
    return stages[index];
  }
  const found = findStage(stages, from, node.index);
  if (found !== undefined) return found;
  if (node.name === from.toLowerCase() && node.name !== "") throw circular(node);
  if (findStage(stages, from) !== undefined) throw undefinedYet(from, node);
  return undefined;
}

const labelOf = ({ name, index }: StageNode): string => name || `stage-${index}`;

const circular = (node: StageNode): DockerfileError =>
  new DockerfileError(`circular dependency detected on stage: ${labelOf(node)}`);

const undefinedYet = (from: string, node: StageNode): DockerfileError =>
  new DockerfileError(
    `cannot copy from stage ${JSON.stringify(from)}, it needs to be defined before current stage ${JSON.stringify(labelOf(node))}`,
  );
