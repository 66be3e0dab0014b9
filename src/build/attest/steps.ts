/** A build's graph as provenance tells of it: operations in the shape of BuildKit's definitions, each after its inputs. Pure. */
import type { ExecOperation, FileAction, Operation, Vertex } from "../operation.ts";

export interface DescribedSteps {
  /** `buildConfig` of provenance. */
  readonly config: {
    readonly llbDefinition: readonly unknown[];
    readonly digestMapping: Readonly<Record<string, string>>;
  };
  /** "step3" by the vertex's digest. */
  readonly names: ReadonlyMap<string, string>;
  readonly vertices: readonly Vertex[];
}

export function describeSteps(top: Vertex): DescribedSteps {
  const vertices: Vertex[] = [];
  const names = new Map<string, string>();
  const visit = (vertex: Vertex): void => {
    if (names.has(vertex.digest)) return;
    // A graph has no circles, so that a name may be given before its inputs have theirs.
    names.set(vertex.digest, "");
    for (const input of vertex.inputs) visit(input);
    names.set(vertex.digest, `step${vertices.length}`);
    vertices.push(vertex);
  };
  visit(top);
  const llbDefinition = vertices.map((vertex) => {
    const inputs = vertex.inputs.map(({ digest }) => `${names.get(digest)}:0`);
    return {
      id: names.get(vertex.digest),
      op: { Op: describe(vertex.operation) },
      ...(inputs.length === 0 ? {} : { inputs }),
    };
  });
  return { config: { llbDefinition, digestMapping: Object.fromEntries(names) }, names, vertices };
}

function describe(operation: Operation): unknown {
  switch (operation.kind) {
    case "exec":
      return { exec: describeExec(operation) };
    case "file":
      return { file: { actions: operation.actions.map(describeAction) } };
    case "merge":
      return { merge: {} };
    case "directory":
    case "git":
    case "http":
    case "image":
    case "layout":
    case "local":
      return { source: { identifier: identifierOf(operation) } };
  }
}

type Source = Exclude<Operation, { kind: "exec" | "file" | "merge" }>;

function identifierOf(source: Source): string {
  switch (source.kind) {
    case "image":
      return `docker-image://${source.reference}`;
    case "layout":
      return `oci-layout://${source.reference.replace(/^:/, "")}`;
    case "local":
      return `local://${source.name}`;
    case "directory":
      return "local://context";
    case "git":
      return `git://${source.remote}#${source.ref}`;
    case "http":
      return source.url;
  }
}

/** Variables that do not tell results apart may say something of the machine: they stay out. */
function describeExec({
  args,
  env,
  envOutsideKey,
  workingDir,
  user,
  mounts,
  network,
  security,
}: ExecOperation): unknown {
  const isShown = (entry: string): boolean => !envOutsideKey.includes(entry.slice(0, entry.indexOf("=")));
  const targets = mounts.flatMap((mount) =>
    "target" in mount && mount.target !== "" ? [{ dest: mount.target, type: mount.type }] : [],
  );
  return {
    meta: { args, env: env.filter(isShown), cwd: workingDir, ...(user === "" ? {} : { user }) },
    mounts: [{ dest: "/" }, ...targets],
    ...(network === "default" ? {} : { network }),
    ...(security === "sandbox" ? {} : { security }),
  };
}

function describeAction(action: FileAction): unknown {
  switch (action.do) {
    case "copy":
      return {
        Action: { copy: { src: action.sources, dest: action.destination, owner: action.owner, mode: action.mode } },
        secondaryInput: action.input,
      };
    case "write":
      return { Action: { mkfile: { path: action.path, mode: action.mode, owner: action.owner } } };
    case "mkdir":
      return { Action: { mkdir: { path: action.path, owner: action.owner } } };
  }
}
