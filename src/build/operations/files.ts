/** COPY, ADD and WORKDIR: a new layer on the base, changed through its mount in a build thread. */
import type { FileOperation } from "../operation.ts";
import type { Step } from "../solver/solver.ts";
import type { ApplySource } from "../threads/protocol.ts";
import type { BuildThreads } from "../threads/threads.ts";
import { EMPTY_TREE, type ReadTree, type Tree, type TreeStore } from "../tree.ts";

export interface FilesDeps {
  readonly trees: TreeStore;
  readonly threads: BuildThreads;
}

export async function changeFiles(
  { trees, threads }: FilesDeps,
  { base, actions }: FileOperation,
  inputs: readonly Tree[],
  { signal }: Step,
): Promise<Tree> {
  await using layer = trees.begin(base === undefined ? EMPTY_TREE : (inputs[base] ?? EMPTY_TREE));
  {
    using mounts = new DisposableStack();
    const target = mounts.use(layer.mount()).root.procPath;
    const used = new Set(actions.flatMap((action) => (action.do === "copy" ? [action.input] : [])));
    const sources = inputs.map((tree, at) => (used.has(at) ? toSource(mounts.use(trees.read(tree))) : NO_SOURCE));
    const { directory } = layer;
    await threads.apply({ root: target, accounts: target, layer: directory, sources, actions, epoch: undefined });
  }
  signal.throwIfAborted();
  return await layer.commit();
}

const NO_SOURCE: ApplySource = { root: "", isShareable: false };

const toSource = ({ root, isShareable }: ReadTree): ApplySource => ({ root: root.procPath, isShareable });
