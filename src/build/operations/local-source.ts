/**
 * The client's directories. One copy a client and directory is kept and brought up to date at each build: only what changed is
 * sent again. A copy that another build is using is left alone, and this build takes a second one.
 */
import { mkdirSync, readdirSync } from "node:fs";
import { BuildFailure } from "../failure.ts";
import { discard } from "../files/discard.ts";
import type { LocalSource } from "../operation.ts";
import type { Session } from "../session.ts";
import type { LoadedSource, Step } from "../solver/solver.ts";
import type { LayerTrees } from "../trees/layer-trees.ts";
import { type Mirror, openMirror } from "./mirror.ts";

export interface LocalSourceDeps {
  readonly dir: string;
  /** On the same file system; emptied at the start. */
  readonly sweptDir: string;
  readonly trees: LayerTrees;
  readonly inUse: Set<string>;
}

export function createLocalSources(deps: Omit<LocalSourceDeps, "inUse">): LocalSourceDeps {
  mkdirSync(deps.dir, { recursive: true, mode: 0o700 });
  return { ...deps, inUse: new Set() };
}

export async function loadLocal(deps: LocalSourceDeps, source: LocalSource, step: Step): Promise<LoadedSource> {
  const session = await sessionOf(source, step);
  const name = takeName(deps, source, session);
  const dir = `${deps.dir}/${name}`;
  try {
    const mirror = await openMirror(dir, deps.sweptDir);
    await syncOrDiscard(
      mirror,
      () => discard(dir, deps.sweptDir),
      () => mirror.sync(session, source, step),
    );
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

/** A copy that is neither the old one nor the new one is worth nothing: the next transfer would not believe it. */
async function syncOrDiscard(
  mirror: Mirror,
  discardIt: () => Promise<void>,
  sync: () => Promise<unknown>,
): Promise<void> {
  try {
    await sync();
  } catch (error) {
    if (!mirror.isWhole) await discardIt();
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

export async function removeMirror({ dir, sweptDir, inUse }: LocalSourceDeps, name: string): Promise<void> {
  if (!inUse.has(name)) await discard(`${dir}/${name}`, sweptDir);
}
