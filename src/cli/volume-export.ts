/**
 * An export that ends up whole under its name or goes on later: until then it lies beside it, and its name carries the engine's tag
 * of the volume's state, so that what comes next fits what there is.
 */
import { open, readdir, rename, rm, stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import type { Client } from "../client/client.ts";
import { ClientError } from "../client/errors.ts";
import type { ProgressLine } from "../wire/image.ts";
import { absolutePath } from "./container/paths.ts";
import { CommandError } from "./errors.ts";

const TELL_EVERY_MS = 100;

interface Part {
  readonly path: string;
  readonly tag: string;
  readonly bytes: number;
}

/** Writes the file; the lines tell how far it is. Throws CommandError with what to do when the connection is lost. */
export async function* exportToFile(
  volumes: Client["volumes"],
  volume: string,
  { cwd, path }: { readonly cwd: string; readonly path: string },
): AsyncGenerator<ProgressLine> {
  const target = absolutePath(cwd, path);
  const [known] = await partsOf(target);
  const archive = await volumes.export(volume, known);
  const part = `${target}.${archive.tag}.part`;
  if (known !== undefined && known.path !== part) await rm(known.path, { force: true });
  let [current, lastMs] = [archive.from, 0];
  const line = (): ProgressLine => ({
    id: volume,
    status: "Exporting",
    progressDetail: { current, total: Math.max(current, archive.bytes) },
  });
  await using file = await open(part, archive.from > 0 ? "a" : "w", 0o600);
  for await (const piece of resumable(archive.body, path)) {
    await file.appendFile(piece);
    current += piece.length;
    if (performance.now() - lastMs < TELL_EVERY_MS) continue;
    lastMs = performance.now();
    yield line();
  }
  await rename(part, target);
}

/** What was left of earlier exports to the same file. */
async function partsOf(target: string): Promise<Part[]> {
  const prefix = `${basename(target)}.`;
  const names = (await readdir(dirname(target))).filter((name) => name.startsWith(prefix));
  const parts = names.map(async (name): Promise<Part[]> => {
    const tag = /^([0-9a-f]{64})\.part$/.exec(name.slice(prefix.length))?.[1];
    const path = join(dirname(target), name);
    return tag === undefined ? [] : [{ path, tag, bytes: (await stat(path)).size }];
  });
  return (await Promise.all(parts)).flat();
}

/** A connection that breaks is no reason to begin anew. */
async function* resumable(body: AsyncIterable<Uint8Array>, path: string): AsyncGenerator<Uint8Array> {
  try {
    yield* body;
  } catch (error) {
    if (error instanceof ClientError) throw error;
    throw new CommandError(`the connection was lost; the same command goes on with ${path}`, 1, { cause: error });
  }
}
