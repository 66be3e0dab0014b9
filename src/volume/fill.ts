/** Putting a directory's contents into an empty volume, beside it first and then in its place at once, or into a place in one. */
import { existsSync, fstatSync, mkdirSync, renameSync } from "node:fs";
import { EngineError } from "../base/errors.ts";
import { copyTree, isSmallTree } from "../files/copy-tree.ts";

import { openPath } from "../kernel/at.ts";
import type { OwnedFd } from "../kernel/fd.ts";
import { O } from "../kernel/open-flags.ts";
import { countEntries } from "../kernel/read-at.ts";
import type { Layout } from "./layout.ts";
import { openSubpath } from "./subpath.ts";
import { runJob } from "./worker/volume-worker.ts";

/** `isFree` says whether nobody looks into the volume: otherwise its directory stays and is filled as it is. */
export async function fillDirectory(layout: Layout, name: string, from: string, isFree: () => boolean): Promise<void> {
  const data = layout.data(name);
  if (!isFree()) return copy(from, data);
  const staged = layout.staged(name, "fill");
  if (existsSync(staged)) await layout.delete(layout.discard(staged));
  mkdirSync(staged, { mode: 0o700 });
  await copy(from, staged);
  if (isFree()) return renameSync(staged, data);
  await copy(staged, data);
  await layout.delete(layout.discard(staged));
}

/** Fills the directory that `subpath` leads to, where it is; nothing else, a full one or none at all. `data` is the volume's. */
export async function fillSubpath(data: string, subpath: string, from: string): Promise<void> {
  using place = openPlace(data, subpath);
  if (place === undefined || !fstatSync(place.fd).isDirectory()) return;
  using directory = openPath(place.procPath, O.RDONLY | O.DIRECTORY);
  if (countEntries(directory.fd, 1) === 0) await copy(from, directory.procPath);
}

/** Undefined when nothing is there, which the start will say. */
function openPlace(data: string, subpath: string): OwnedFd | undefined {
  try {
    return openSubpath(data, subpath);
  } catch (error) {
    if (!(error instanceof EngineError)) throw error;
    if (error.kind === "notFound") return undefined;
    throw new EngineError(error.kind, `failed to populate volume: ${error.message}`, { cause: error });
  }
}

async function copy(from: string, to: string): Promise<void> {
  using source = openPath(from, O.RDONLY | O.DIRECTORY);
  if (!isSmallTree(source)) return void (await runJob({ kind: "copy", from: source.procPath, to }));
  using target = openPath(to, O.RDONLY | O.DIRECTORY);
  copyTree(source, target, () => undefined);
}
