/**
 * The client's directories. One copy a client and directory is kept and brought up to date at each build: only what changed is
 * sent again. A copy that another build is using is left alone, and this build takes a second one.
 */
import { existsSync, mkdirSync, readdirSync } from "node:fs";
import { removeTree } from "../../files/remove-tree.ts";
import { BuildFailure } from "../failure.ts";
import type { LocalSource } from "../operation.ts";
import type { Session } from "../session.ts";
import type { LoadedSource, Step } from "../solver/solver.ts";
import type { LayerTrees } from "../trees/layer-trees.ts";
import { openMirror } from "./mirror.ts";

export interface LocalSourceDeps {
  readonly dir: string;
  readonly trees: LayerTrees;
  readonly inUse: Set<string>;
}

export function createLocalSources(dir: string, trees: LayerTrees): LocalSourceDeps {
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  return { dir, trees, inUse: new Set() };
}

export async function loadLocal(deps: LocalSourceDeps, source: LocalSource, step: Step): Promise<LoadedSource> {
  const session = await sessionOf(source, step);
  const name = takeName(deps, source, session);
  try {
    const mirror = openMirror(`${deps.dir}/${name}`);
    await mirror.sync(session, source, step);
    const generation = `${name}-${mirror.generation}`;
    const { tree, release } = deps.trees.adopt(mirror.filesPath, generation);
    return {
      tree,
      key: `local:${generation}`,
      isCached: false,
      release: () => {
        release();
        deps.inUse.delete(name);
      },
    };
  } catch (error) {
    deps.inUse.delete(name);
    throw error;
  }
}

async function sessionOf({ session, name }: LocalSource, { build }: Step): Promise<Session> {
  if (session !== "") return build.sessionOf(session);
  if (build.session !== undefined) return build.session;
  throw new BuildFailure(`no local sources enabled: ${name}`, { kind: "invalidParameter" });
}

/** The first copy that nobody uses. */
function takeName({ inUse }: LocalSourceDeps, { name, keyHint }: LocalSource, { sharedKey, id }: Session): string {
  const key = new Bun.CryptoHasher("sha256").update(JSON.stringify([name, keyHint, sharedKey || id])).digest("hex");
  for (let twin = 0; ; twin++) {
    const candidate = twin === 0 ? key.slice(0, 32) : `${key.slice(0, 32)}-${twin}`;
    if (inUse.has(candidate)) continue;
    inUse.add(candidate);
    return candidate;
  }
}

/** Names and paths of the copies, for the cache's accounts. */
export function listMirrors({ dir, inUse }: LocalSourceDeps): { name: string; path: string; isInUse: boolean }[] {
  return readdirSync(dir).map((name) => ({ name, path: `${dir}/${name}`, isInUse: inUse.has(name) }));
}

export async function removeMirror({ dir, inUse }: LocalSourceDeps, name: string): Promise<void> {
  if (!inUse.has(name) && existsSync(`${dir}/${name}`)) await removeTree(dir, name);
}
