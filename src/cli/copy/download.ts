/** Files out of a container, to local ones or as a tar to standard output (docker/cli, copyFromContainer). */
import type { Client } from "../../client/client.ts";
import { type LocalUnpack, unpackLocal } from "../../files/local.ts";
import { FILE_MODE, hasFileMode } from "../../wire/file-mode.ts";
import type { Context } from "../command.ts";
import type { CopyPlace } from "./argument.ts";
import { checkLocalDestination, localDestination, toLocalPath } from "./local-path.ts";
import type { CopyOptions } from "./options.ts";
import { clean, keepName, splitEntry } from "./paths.ts";
import { planCopy, renameEntry } from "./plan.ts";
import { CopyProgress } from "./progress.ts";

/** `path` is the local one, or "-". */
export async function download(context: Context, from: CopyPlace, path: string, options: CopyOptions): Promise<void> {
  const local = path === "-" ? path : toLocalPath(context.env.cwd, path);
  if (path !== "-") checkLocalDestination(local);
  const client = await context.client();
  const source = options.followLink ? await followed(client, from) : { path: from.path, name: "" };
  const { stat, tar } = await client.archives.get(from.container, source.path);
  if (path === "-") {
    for await (const piece of tar.body) await context.io.stdout.write(piece);
    return;
  }
  const progress = new CopyProgress(context.io, "Copying from container - ", options.quiet);
  let come = false;
  try {
    const plan = planLocal({ ...source, isDirectory: hasFileMode(stat.mode, FILE_MODE.DIRECTORY) }, local);
    await unpackLocal({ ...plan, archive: tar, onProgress: progress.note });
    come = true;
  } finally {
    await progress.finish(come ? local : undefined);
  }
}

interface Source {
  readonly path: string;
  readonly name: string;
}

function planLocal(
  source: Source & { readonly isDirectory: boolean },
  local: string,
): Pick<LocalUnpack, "directory" | "rename"> {
  const { directory, rename } = planCopy(source, localDestination(local));
  const own = source.name === "" ? undefined : { from: splitEntry(source.path).base, to: source.name };
  const renames = [own, rename].filter((each) => each !== undefined).map(latin1);
  return { directory, rename: (name) => renames.reduce(renameEntry, name) };
}

/** Names in archives have one character a byte. */
function latin1({ from, to }: { readonly from: string; readonly to: string }): { from: string; to: string } {
  const bytes = (text: string): string => Buffer.from(text).toString("latin1");
  return { from: bytes(from), to: bytes(to) };
}

/** Where a link in the container leads. What cannot be found out is left for the engine to say. */
async function followed(client: Client, { container, path }: CopyPlace): Promise<Source> {
  const found = await client.archives.stat(container, path).catch(() => undefined);
  if (found === undefined || !hasFileMode(found.mode, FILE_MODE.SYMLINK)) return { path, name: "" };
  const { linkTarget } = found;
  const target = linkTarget.startsWith("/") ? linkTarget : clean(`${splitEntry(path).directory}/${linkTarget}`);
  return keepName(path, target);
}
