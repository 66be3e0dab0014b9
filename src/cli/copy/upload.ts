/** Local files, or a tar at standard input, into a container (docker/cli, copyToContainer). */
import type { OutgoingBody } from "../../base/lent-socket.ts";
import type { Client } from "../../client/client.ts";
import type { ClientError } from "../../client/errors.ts";
import { packLocal } from "../../files/local.ts";
import type { PathStat } from "../../wire/archive.ts";
import { FILE_MODE, hasFileMode } from "../../wire/file-mode.ts";
import type { Context } from "../command.ts";
import { CommandError } from "../errors.ts";
import type { CopyPlace } from "./argument.ts";
import { localSource, toLocalPath } from "./local-path.ts";
import type { CopyOptions } from "./options.ts";
import { clean, splitEntry } from "./paths.ts";
import { type CopyDestination, planCopy } from "./plan.ts";
import { CopyProgress } from "./progress.ts";

/** `path` is the local one, or "-". */
export async function upload(context: Context, path: string, to: CopyPlace, options: CopyOptions): Promise<void> {
  const local = path === "-" ? path : toLocalPath(context.env.cwd, path);
  const client = await context.client();
  const destination = await containerDestination(client, to);
  const progress = new CopyProgress(context.io, "Copying to container - ", options.quiet);
  const { tar, directory } =
    path === "-" ? standardInput(context, to, destination) : localTar(local, destination, { ...options, progress });
  let gone = false;
  try {
    await client.archives.put(to.container, directory, {
      tar,
      copyUIDGID: options.archive,
      noOverwriteDirNonDir: true,
    });
    gone = true;
  } finally {
    await progress.finish(gone ? `${to.container}:${destination.path}` : undefined);
  }
}

interface Upload {
  readonly tar: OutgoingBody;
  /** Where in the container it is unpacked. */
  readonly directory: string;
}

function standardInput(
  { io }: Context,
  { container, path }: CopyPlace,
  { kind, path: directory }: CopyDestination,
): Upload {
  if (kind !== "directory") throw new CommandError(`destination "${container}:${path}" must be a directory`);
  return { tar: { body: io.stdin }, directory };
}

interface LocalTarOptions extends CopyOptions {
  readonly progress: CopyProgress;
}

function localTar(path: string, destination: CopyDestination, { followLink, progress }: LocalTarOptions): Upload {
  const source = localSource(path, followLink);
  const { directory, rename } = planCopy(source, destination);
  const name = rename?.to ?? (source.name || splitEntry(source.path).base);
  return { tar: packLocal(source.path, name, progress.note), directory };
}

/** What cannot be found out is left for the engine to say. */
async function containerDestination(client: Client, { container, path }: CopyPlace): Promise<CopyDestination> {
  const found = await statIfThere(client, container, path);
  if (found === undefined) return { path, kind: undefined };
  if (!hasFileMode(found.mode, FILE_MODE.SYMLINK)) return { path, kind: kindOf(found, { container, path }) };
  const { linkTarget } = found;
  const end = linkTarget.startsWith("/") ? linkTarget : clean(`${splitEntry(path).directory}/${linkTarget}`);
  const there = await statIfThere(client, container, end);
  return { path: end, kind: there === undefined ? undefined : kindOf(there, { container, path }) };
}

function kindOf({ mode }: PathStat, { container, path }: CopyPlace): "directory" | "other" {
  if (hasFileMode(mode, FILE_MODE.DEVICE)) {
    throw new CommandError(`destination "${container}:${path}" must be a directory or a regular file: got a device`);
  }
  return hasFileMode(mode, FILE_MODE.DIRECTORY) ? "directory" : "other";
}

async function statIfThere(client: Client, ref: string, path: string): Promise<PathStat | undefined> {
  try {
    return await client.archives.stat(ref, path);
  } catch (error) {
    if (isRefusal(error)) return undefined;
    throw error;
  }
}

const isRefusal = (error: unknown): error is ClientError => error instanceof Error && error.name === "ClientError";
