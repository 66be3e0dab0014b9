/** COPY, ADD and WORKDIR as file operations. Pure: sources are vertices that the caller knows. */
import { posix } from "node:path";
import { expand } from "../../dockerfile/expand.ts";
import type { InstructionOf, Transfer } from "../../dockerfile/instruction.ts";
import { DockerfileError } from "../../dockerfile/place.ts";
import type { CopyAction, FileAction, SourcePlace, Vertex } from "../operation.ts";
import { type ConfigContext, expandedWord, resolvePath } from "./config-steps.ts";
import { withConfig, withStep } from "./image-state.ts";
import { gitSource, httpSource, isGitAddress, isHttpAddress } from "./remote-sources.ts";
import type { StageState } from "./stage-state.ts";
import { createVertex, SCRATCH, sha256 } from "./vertex.ts";

export interface StepContext extends ConfigContext {
  readonly place: SourcePlace;
  readonly name: string;
  readonly ignoreCache: boolean;
}

/** `source` is what the paths lie in: the build context, another stage, an image. */
export function copyStep(
  state: StageState,
  { transfer }: InstructionOf<"COPY">,
  source: Vertex,
  context: StepContext,
): StageState {
  const paths = expandedPaths(state, transfer, context);
  const inputs = [source];
  const copies =
    paths.sources.length === 0 ? [] : [toCopy(state, transfer, { ...paths, input: 0, unpack: "never" }, context)];
  const writes = inlineWrites(state, transfer, paths.destination, context);
  return transferred(state, { name: "COPY", transfer, actions: [...copies, ...writes], inputs, paths }, context);
}

/** Local archives are unpacked; addresses are fetched, and repositories cloned. */
export function addStep(
  state: StageState,
  instruction: InstructionOf<"ADD">,
  source: Vertex,
  context: StepContext,
): StageState {
  const { transfer, unpack, keepGitDir } = instruction;
  const paths = expandedPaths(state, transfer, context);
  const checksum = expandedWord(state, instruction.checksum, context);
  checkAddFlags(instruction, paths.sources, checksum);
  const inputs: Vertex[] = [source];
  const actions: FileAction[] = paths.sources.map((address) => {
    if (isGitAddress(address)) {
      inputs.push(gitSource(address, { checksum, keepGitDir: keepGitDir === true, name: address }));
      return toCopy(state, transfer, { ...paths, sources: ["/"], input: inputs.length - 1, unpack: "never" }, context);
    }
    if (isHttpAddress(address)) {
      inputs.push(httpSource(address, { checksum, name: address }));
      const how = unpack === true ? "always" : "never";
      return toCopy(state, transfer, { ...paths, sources: ["/*"], input: inputs.length - 1, unpack: how }, context);
    }
    return toCopy(
      state,
      transfer,
      { ...paths, sources: [address], input: 0, unpack: unpack === false ? "never" : "auto" },
      context,
    );
  });
  const writes = inlineWrites(state, transfer, paths.destination, context);
  return transferred(state, { name: "ADD", transfer, actions: [...actions, ...writes], inputs, paths }, context);
}

function checkAddFlags({ unpack }: InstructionOf<"ADD">, sources: readonly string[], checksum: string): void {
  const remote = sources.filter((source) => isHttpAddress(source) || isGitAddress(source));
  if (checksum === "") return;
  if (sources.length !== 1) throw new DockerfileError("checksum can't be specified for multiple sources");
  if (remote.length === 0) throw new DockerfileError("checksum can't be specified for non-HTTP(S) sources");
  const isHttp = sources.some((source) => isHttpAddress(source) && !isGitAddress(source));
  if (isHttp && !/^[a-z0-9]+:[0-9a-f]{32,}$/.test(checksum))
    throw new DockerfileError("invalid checksum digest format");
  if (unpack === true && !isHttp) throw new DockerfileError("unpack can't be specified for git sources");
}

interface Paths {
  readonly sources: readonly string[];
  /** Absolute; a trailing slash makes it a directory. */
  readonly destination: string;
  readonly writtenDestination: string;
}

function expandedPaths(state: StageState, { sources, destination }: Transfer, context: StepContext): Paths {
  const expanded = sources.map((source) => expandedWord(state, source, context));
  const written = expandedWord(state, destination, context);
  const isDirectory = written.endsWith("/") || /(?:^|\/)\.$/.test(written) || written === "";
  const absolute = resolvePath(state, written);
  return {
    sources: expanded,
    destination: isDirectory && absolute !== "/" ? `${absolute}/` : absolute,
    writtenDestination: written,
  };
}

interface CopySource extends Paths {
  readonly input: number;
  readonly unpack: CopyAction["unpack"];
}

/** `input` counts the sources; the stage's own files come before them unless the copy is linked. */
function toCopy(state: StageState, transfer: Transfer, source: CopySource, context: StepContext): CopyAction {
  const mode = expandedWord(state, transfer.chmod, context);
  checkMode(mode);
  return {
    do: "copy",
    input: source.input,
    sources: source.sources.map(transfer.parents ? pivoted : resolved),
    wildcards: true,
    destination: source.destination,
    owner: expandedWord(state, transfer.chown, context),
    mode,
    exclude: transfer.exclude.map((pattern) => expandedWord(state, pattern, context)),
    parents: transfer.parents,
    unpack: source.unpack,
  };
}

const resolved = (path: string): string =>
  posix.resolve("/", path) + (/(?:\/|\/\.)$/.test(path) && path !== "/" ? "/" : "");

/** The first "/./" divides what is kept of a path from where that lies; a path without one is kept whole. */
function pivoted(path: string): string {
  const pivot = path.indexOf("/./");
  const [from, what] = pivot < 0 ? ["/", path] : [path.slice(0, pivot), path.slice(pivot)];
  return `${posix.resolve("/", from).replace(/^\/$/, "")}/.${posix.resolve("/", what)}`;
}

const SYMBOLIC = /^(?:[ugoa]*[-+=](?:[rwxXst]*|[ugo]))(?:,[ugoa]*[-+=](?:[rwxXst]*|[ugo]))*$/;

function checkMode(mode: string): void {
  if (mode === "" || SYMBOLIC.test(mode) || (/^[0-7]+$/.test(mode) && Number.parseInt(mode, 8) <= 0o7777)) return;
  throw new DockerfileError(`invalid chmod parameter: '${mode}'. it should be octal string and between 0 and 07777`);
}

function inlineWrites(
  state: StageState,
  { inline, chown, chmod }: Transfer,
  destination: string,
  context: StepContext,
): FileAction[] {
  return inline.map(({ name, text, expand: isExpanded }) => ({
    do: "write",
    path: destination.endsWith("/") ? `${destination}${name}` : destination,
    text: isExpanded ? expandedText(state, text, context) : text,
    owner: expandedWord(state, chown, context),
    mode: expandedWord(state, chmod, context) || "0644",
  }));
}

/** In the text of a here-document quotes mean nothing. */
function expandedText(state: StageState, text: string, { escape }: StepContext): string {
  return expand(text, state.scope.variables, { escape, plainQuotes: true }).text;
}

interface Transferred {
  readonly name: "COPY" | "ADD";
  readonly transfer: Transfer;
  readonly actions: readonly FileAction[];
  readonly inputs: readonly Vertex[];
  readonly paths: Paths;
}

function transferred(state: StageState, step: Transferred, context: StepContext): StageState {
  const facts = { name: context.name, place: context.place, ignoreCache: context.ignoreCache };
  const image = withStep(state.image, describeTransfer(step, step.paths), true);
  const { inputs, actions } = onlyUsed(step);
  if (step.transfer.link) return { ...state, image, vertex: linkedVertex(state, { inputs, actions }, facts) };
  const onBase = actions.map((action) => (action.do === "copy" ? { ...action, input: action.input + 1 } : action));
  const operation = { kind: "file", base: 0, actions: onBase } as const;
  return { ...state, image, vertex: createVertex({ operation, inputs: [state.vertex, ...inputs], ...facts }) };
}

type FileChange = Pick<Transferred, "inputs" | "actions">;

/** A source that no action reads is not built or sent. */
function onlyUsed({ inputs, actions }: Transferred): FileChange {
  const used = inputs.flatMap((_, input) =>
    actions.some((each) => each.do === "copy" && each.input === input) ? [input] : [],
  );
  const renumbered = actions.map((action) =>
    action.do === "copy" ? { ...action, input: used.indexOf(action.input) } : action,
  );
  return { inputs: inputs.filter((_, input) => used.includes(input)), actions: renumbered };
}

/** A layer of its own, put on top of whatever the stage has: it stays valid when what lies below changes. */
function linkedVertex(
  { vertex }: StageState,
  { inputs, actions }: FileChange,
  facts: Pick<StepContext, "name" | "place" | "ignoreCache">,
): Vertex {
  const group = { id: sha256(`${facts.name} ${vertex.digest}`), name: facts.name };
  const linked = createVertex({ operation: { kind: "file", base: undefined, actions }, inputs, ...facts, group });
  return createVertex({
    operation: { kind: "merge" },
    inputs: vertex === SCRATCH ? [linked] : [vertex, linked],
    name: `merging ${facts.name}`,
    place: facts.place,
    group,
  });
}

/** As the history tells it: flags of owner and mode, sources, destination. */
function describeTransfer({ name, transfer }: Transferred, { sources, writtenDestination }: Paths): string {
  const { chown, chmod, inline } = transfer;
  const flags = [...(chown === "" ? [] : [`--chown=${chown}`]), ...(chmod === "" ? [] : [`--chmod=${chmod}`])];
  const files = inline.map((file) => `<<${file.name}`);
  return `${[name, ...flags, ...sources, ...files, writtenDestination].join(" ")} # buildkit`;
}

/** Makes the directory, when it is not the root; it belongs to the stage's user. */
export function workdirStep(state: StageState, { path }: InstructionOf<"WORKDIR">, context: StepContext): StageState {
  const wanted = expandedWord(state, path, context);
  const directory = wanted.startsWith("/") ? wanted : resolvePath(state, wanted);
  const configured = { ...state, image: withConfig(state.image, { WorkingDir: directory }) };
  const createdBy = `WORKDIR ${directory}`;
  if (directory === "/") return { ...configured, image: withStep(configured.image, createdBy, false) };
  const action: FileAction = { do: "mkdir", path: directory, owner: state.image.config.User };
  const vertex = createVertex({
    operation: { kind: "file", base: 0, actions: [action] },
    inputs: [state.vertex],
    name: context.name,
    place: context.place,
    ignoreCache: context.ignoreCache,
  });
  return { ...configured, vertex, image: withStep(configured.image, createdBy, true) };
}
