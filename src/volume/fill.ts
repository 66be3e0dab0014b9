/** Putting a directory's contents into an empty volume: beside it first, then in its place at once. */
import { existsSync, mkdirSync, renameSync } from "node:fs";
import { copyTree, isSmallTree } from "../files/copy-tree.ts";
import { openPath } from "../kernel/at.ts";
import { O } from "../kernel/open-flags.ts";
import type { Layout } from "./layout.ts";
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

async function copy(from: string, to: string): Promise<void> {
  using source = openPath(from, O.RDONLY | O.DIRECTORY);
  if (!isSmallTree(source)) return void (await runJob({ kind: "copy", from: source.procPath, to }));
  using target = openPath(to, O.RDONLY | O.DIRECTORY);
  copyTree(source, target, () => undefined);
}
