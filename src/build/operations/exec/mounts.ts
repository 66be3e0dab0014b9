/** The mounts of a RUN, made ready on the host: trees are mounted beside the run, secrets written to memory, agents listened for. */
import { chmodSync, chownSync, mkdirSync, writeFileSync } from "node:fs";
import { umountIfMounted } from "../../../kernel/mounts.ts";
import { DEFAULT_PROPAGATION, type UserMount } from "../../../runtime/spec/user-mount.ts";
import { pathInside } from "../../content/inside.ts";
import { BuildFailure } from "../../failure.ts";
import type { ExecMount, ExecOperation } from "../../operation.ts";
import type { Step } from "../../solver/solver.ts";
import type { Tree, TreeStore } from "../../tree.ts";
import { listenForAgent } from "./agent.ts";
import type { CacheMounts } from "./cache-mounts.ts";

export interface PreparedMounts extends AsyncDisposable {
  /** In the order in which they are made: shallow ones first. */
  readonly binds: readonly UserMount[];
  /** "NAME=value" of secrets that are variables, and of agents. */
  readonly env: readonly string[];
}

interface MountDeps {
  readonly trees: TreeStore;
  readonly caches: CacheMounts;
}

interface Place {
  /** Of the run. */
  readonly dir: string;
  readonly inputs: readonly Tree[];
  readonly step: Step;
}

/** Throws BuildFailure for a required secret or agent that the client does not have. */
export async function prepareMounts(deps: MountDeps, { mounts }: ExecOperation, place: Place): Promise<PreparedMounts> {
  await using undo = new AsyncDisposableStack();
  const binds: UserMount[] = [];
  const env: string[] = [];
  undo.use(await deps.caches.lock(mounts, place.step.signal));
  for (const [index, mount] of mounts.entries()) {
    const prepared = await prepare(deps, mount, { ...place, index, undo });
    if (prepared.bind !== undefined) binds.push(prepared.bind);
    env.push(...prepared.env);
  }
  const depth = ({ destination }: UserMount): number => destination.split("/").length;
  const all = undo.move();
  return {
    binds: binds.toSorted((a, b) => depth(a) - depth(b)),
    env,
    [Symbol.asyncDispose]: () => all.disposeAsync(),
  };
}

interface Prepared {
  readonly bind?: UserMount;
  readonly env: readonly string[];
}

interface Preparation extends Place {
  readonly index: number;
  readonly undo: AsyncDisposableStack;
}

async function prepare(deps: MountDeps, mount: ExecMount, place: Preparation): Promise<Prepared> {
  switch (mount.type) {
    case "bind":
      return { bind: bindTree(deps, mount, place), env: [] };
    case "cache": {
      const seed = mount.input === undefined ? undefined : seedOf(deps, mount, mount.input, place);
      const cache = await deps.caches.take(mount, seed);
      place.undo.defer(() => cache.release());
      return { bind: toBind(cache.path, mount.target, mount.readOnly), env: [] };
    }
    case "tmpfs": {
      const size = mount.sizeBytes === 0 ? [] : [`size=${mount.sizeBytes}`];
      const tmpfs = {
        ...toBind("", mount.target, false),
        type: "tmpfs",
        options: ["noexec", "nosuid", "nodev", ...size],
      } as const;
      return { bind: tmpfs, env: [] };
    }
    case "secret":
      return prepareSecret(mount, place);
    case "ssh":
      return prepareAgent(mount, place);
    case "text": {
      const path = `${place.dir}/text-${place.index}`;
      writeFileSync(path, mount.text);
      chmodSync(path, 0o755);
      return { bind: toBind(path, mount.target, true), env: [] };
    }
  }
}

function toBind(source: string, destination: string, readOnly: boolean): UserMount {
  return {
    type: "bind",
    source,
    destination,
    readOnly,
    propagation: DEFAULT_PROPAGATION,
    recursive: true,
    recursiveReadOnly: "no",
    createSource: false,
    options: [],
  };
}

/** What is written to a writable one goes to a layer that nobody keeps. */
function bindTree({ trees }: MountDeps, mount: Extract<ExecMount, { type: "bind" }>, place: Preparation): UserMount {
  const tree = place.inputs[mount.input] ?? { layers: [] };
  const root = mountBeside(trees, tree, place);
  return toBind(pathInside(root, mount.source), mount.target, mount.readOnly);
}

function seedOf(
  { trees }: MountDeps,
  { source }: Extract<ExecMount, { type: "cache" }>,
  input: number,
  place: Preparation,
): string {
  return pathInside(mountBeside(trees, place.inputs[input] ?? { layers: [] }, place), source);
}

function mountBeside(trees: TreeStore, tree: Tree, { dir, index, undo }: Preparation): string {
  const target = `${dir}/bind-${index}`;
  mkdirSync(target, { mode: 0o710 });
  const layer = undo.use(trees.begin(tree));
  layer.mountAt(target);
  undo.defer(() => void umountIfMounted(target));
  return target;
}

async function prepareSecret(mount: Extract<ExecMount, { type: "secret" }>, place: Preparation): Promise<Prepared> {
  const { build } = place.step;
  const value = await build.session?.secret(mount.id);
  if (value === undefined) {
    if (!mount.required) return { env: [] };
    throw new BuildFailure(`secret ${mount.id}: not found`, { kind: "notFound" });
  }
  const env = mount.env === undefined ? [] : [`${mount.env}=${Buffer.from(value).toString()}`];
  if (mount.target === "") return { env };
  const path = `${place.dir}/secret-${place.index}`;
  writeFileSync(path, value, { mode: 0o600 });
  chownSync(path, mount.uid, mount.gid);
  chmodSync(path, mount.mode);
  return { bind: toBind(path, mount.target, true), env };
}

async function prepareAgent(mount: Extract<ExecMount, { type: "ssh" }>, place: Preparation): Promise<Prepared> {
  const { session } = place.step.build;
  if (session === undefined || !(await session.hasAgent(mount.id))) {
    if (!mount.required) return { env: [] };
    throw new BuildFailure(`unset ssh forward key ${mount.id}`, { kind: "notFound" });
  }
  const path = `${place.dir}/agent-${place.index}.sock`;
  place.undo.use(listenForAgent(path, () => session.connectAgent(mount.id)));
  chownSync(path, mount.uid, mount.gid);
  chmodSync(path, mount.mode);
  const target = mount.target || `/run/buildkit/ssh_agent.${place.index}`;
  return { bind: toBind(path, target, false), env: [`SSH_AUTH_SOCK=${target}`] };
}
