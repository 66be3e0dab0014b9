/**
 * Cache keys: what a result depends on and nothing else. A step's key holds its operation and the keys of the trees it changes;
 * files that it reads count by their content, so that the same bytes from another place, time or client are the same.
 */
import { posix } from "node:path";
import type { CopyAction, ExecMount, ExecOperation, FileOperation, Vertex } from "../operation.ts";
import type { Tree, TreeStore } from "../tree.ts";

/** A carried out vertex. */
export interface Result {
  readonly key: string;
  readonly tree: Tree;
}

type Contents = Pick<TreeStore, "contentDigest">;

/** Bumped when what an operation does changes. */
const VERSION = 1;

/** Of a vertex that is no source: sources know theirs once they are loaded. Throws notFound for files that are not there. */
export async function keyOf(
  { operation, name }: Vertex,
  inputs: readonly Result[],
  contents: Contents,
): Promise<string> {
  switch (operation.kind) {
    case "exec":
      return digest("exec", await execParts(operation, inputs, contents));
    case "file":
      return digest("file", await fileParts(operation, inputs, contents));
    case "merge":
      return digest(
        "merge",
        inputs.map(({ key }) => key),
      );
    case "directory":
    case "git":
    case "http":
    case "image":
    case "layout":
    case "local":
      throw new Error(`${name} has no key before it is loaded`);
  }
}

export function digest(kind: string, parts: unknown): string {
  return `${kind}:${new Bun.CryptoHasher("sha256").update(JSON.stringify([VERSION, kind, parts])).digest("hex")}`;
}

async function execParts(operation: ExecOperation, inputs: readonly Result[], contents: Contents): Promise<unknown> {
  const { args, workingDir, user, network, security, hostname, extraHosts, limits, env, envOutsideKey, mounts } =
    operation;
  const isInKey = (entry: string): boolean => !envOutsideKey.includes(entry.slice(0, entry.indexOf("=")));
  const described = await Promise.all(mounts.map((mount) => describeMount(mount, inputs, contents)));
  const { ulimits, shmBytes } = limits;
  const process = { args, workingDir, user, network, security, hostname, extraHosts };
  return { ...process, ulimits, shmBytes, env: env.filter(isInKey), mounts: described, base: inputs[0]?.key };
}

/** A bind is what it shows; a cache, a secret and an agent are only that they are there. */
async function describeMount(mount: ExecMount, inputs: readonly Result[], contents: Contents): Promise<unknown> {
  if (mount.type !== "bind") return mount;
  const input = inputs[mount.input];
  if (input === undefined) return mount;
  const { source, target, readOnly } = mount;
  const content = await contents.contentDigest(input.tree, { paths: [source === "" ? "/" : source], wildcards: false });
  return { type: "bind", source, target, readOnly, content };
}

async function fileParts(operation: FileOperation, inputs: readonly Result[], contents: Contents): Promise<unknown> {
  const actions = await Promise.all(
    operation.actions.map(async (action) => (action.do === "copy" ? describeCopy(action, inputs, contents) : action)),
  );
  return { base: operation.base === undefined ? "" : inputs[operation.base]?.key, actions };
}

/** Where the sources lie is no part of it, what they are called at the destination is: the content's digest has their names. */
async function describeCopy(action: CopyAction, inputs: readonly Result[], contents: Contents): Promise<unknown> {
  const { sources, wildcards, destination, owner, mode, exclude, parents, unpack, input } = action;
  const tree = inputs[input]?.tree ?? { layers: [] };
  const content = await contents.contentDigest(tree, { paths: sources, wildcards, parents, exclude });
  const names = parents ? [] : sources.map((path) => posix.basename(path));
  return { destination, owner, mode, exclude, parents, unpack, names, content };
}
