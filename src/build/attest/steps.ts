/** A build's graph as provenance tells of it: operations in the shape of BuildKit's definitions, each after its inputs. Pure. */
import type { ExecMount, ExecOperation, FileAction, Operation, Vertex } from "../operation.ts";

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
      op: { Op: describe(vertex) },
      ...(inputs.length === 0 ? {} : { inputs }),
    };
  });
  return { config: { llbDefinition, digestMapping: Object.fromEntries(names) }, names, vertices };
}

function describe({ operation, inputs }: Vertex): unknown {
  switch (operation.kind) {
    case "exec":
      return { exec: describeExec(operation) };
    case "file":
      return { file: { actions: operation.actions.flatMap(describeAction) } };
    case "merge":
      return { merge: { inputs: inputs.map((_, input) => ({ input })) } };
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

/** Numbers of BuildKit's protocol (solver/pb/ops.proto). */
const MOUNT_TYPES: Readonly<Record<ExecMount["type"], number>> = {
  bind: 0,
  text: 0,
  secret: 1,
  ssh: 2,
  cache: 3,
  tmpfs: 4,
};
const NETWORKS: Readonly<Record<string, number>> = { default: 0, host: 1, none: 2 };
const SECURITY = { sandbox: 0, insecure: 1 } as const;

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
  const targets = mounts.flatMap(({ type, target }) =>
    target === "" ? [] : [{ dest: target, ...orNothing("mountType", MOUNT_TYPES[type]) }],
  );
  return {
    meta: { args, env: env.filter(isShown), cwd: workingDir, ...(user === "" ? {} : { user }) },
    mounts: [{ dest: "/" }, ...targets],
    ...orNothing("network", NETWORKS[network] ?? 0),
    ...orNothing("security", SECURITY[security]),
  };
}

const orNothing = (key: string, number: number): Record<string, number> => (number === 0 ? {} : { [key]: number });

/** One for each source. */
function describeAction(action: FileAction): unknown[] {
  switch (action.do) {
    case "copy": {
      const { sources, destination: dest, owner, mode, input } = action;
      const how = { dest, ...ownerOf(owner), mode: modeOf(mode, -1) };
      return sources.map((src) => ({ Action: { copy: { src, ...how } }, input: 0, secondaryInput: input, output: 0 }));
    }
    case "write": {
      const { path, owner, mode, text } = action;
      const data = Buffer.from(text).toString("base64");
      return [{ Action: { mkfile: { path, mode: modeOf(mode, 0o644), data, ...ownerOf(owner) } }, ...ALONE }];
    }
    case "mkdir": {
      const { path, owner } = action;
      return [{ Action: { mkdir: { path, mode: 0o755, makeParents: true, ...ownerOf(owner) } }, ...ALONE }];
    }
  }
}

const ALONE = { input: 0, secondaryInput: -1, output: 0 };

/** Symbolic ones, which depend on the file, are told as unchanged. */
const modeOf = (mode: string, fallback: number): number =>
  /^[0-7]+$/.test(mode) ? Number.parseInt(mode, 8) : fallback;

function ownerOf(owner: string): Record<string, unknown> {
  if (owner === "") return {};
  const [user = "", group = user] = owner.split(":", 2);
  return { owner: { user: principal(user), group: principal(group) } };
}

const principal = (name: string): unknown =>
  /^\d+$/.test(name) ? { User: { byId: Number(name) } } : { User: { byName: { name } } };
