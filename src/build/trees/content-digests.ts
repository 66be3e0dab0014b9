/** Content digests of trees, remembered: a tree never changes, so that neither does the digest of what is asked of it. */
import type { BuildThreads } from "../threads/threads.ts";
import type { ContentWanted, MountedTree, Tree } from "../tree.ts";

const MAX_REMEMBERED = 5_000;

export class ContentDigests {
  readonly #known = new Map<string, Promise<string>>();
  readonly #threads: BuildThreads;
  readonly #mount: (tree: Tree) => MountedTree;

  constructor(threads: BuildThreads, mount: (tree: Tree) => MountedTree) {
    this.#threads = threads;
    this.#mount = mount;
  }

  /** Throws notFound for a path that is not there. */
  of(tree: Tree, wanted: ContentWanted): Promise<string> {
    const key = JSON.stringify([tree.layers, wanted]);
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const digest = this.#compute(tree, wanted);
    this.#known.set(key, digest);
    digest.catch(() => this.#known.delete(key));
    const [oldest] = this.#known.keys();
    if (this.#known.size > MAX_REMEMBERED && oldest !== undefined) this.#known.delete(oldest);
    return digest;
  }

  async #compute(tree: Tree, wanted: ContentWanted): Promise<string> {
    using mounted = this.#mount(tree);
    return await this.#threads.digest(mounted.root.procPath, wanted);
  }
}
