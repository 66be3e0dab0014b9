/** A file that a command writes for the user: whole under its name, or not there at all. */
import { open, rename, rm, stat } from "node:fs/promises";
import { hasCode } from "../base/errors.ts";
import { absolutePath } from "./container/paths.ts";
import { CommandError } from "./errors.ts";

/** Refuses at once what could not be written, in docker's words after `prefix`. */
export async function checkOutput(cwd: string, path: string, prefix: string): Promise<void> {
  const slash = path.lastIndexOf("/");
  const directory = slash < 0 ? "." : path.slice(0, slash) || "/";
  const above = await statIfThere(absolutePath(cwd, directory));
  if (above === undefined) {
    throw new CommandError(`${prefix}invalid output path: stat ${directory}: no such file or directory`);
  }
  const there = await statIfThere(absolutePath(cwd, path));
  if (there?.isCharacterDevice()) throw new CommandError(`${prefix}cannot write to a character device file`);
  if (there?.isBlockDevice()) throw new CommandError(`${prefix}cannot write to a block device file`);
}

/** The name is taken, or taken over, once everything is written. `path` is seen from `cwd`. */
export async function writeOutput(cwd: string, path: string, source: AsyncIterable<Uint8Array>): Promise<void> {
  const target = absolutePath(cwd, path);
  const temporary = `${target}.tmp-${process.pid}`;
  try {
    await writeAll(temporary, source);
    await rename(temporary, target);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}

async function writeAll(path: string, source: AsyncIterable<Uint8Array>): Promise<void> {
  await using file = await open(path, "wx", 0o600);
  for await (const piece of source) {
    for (let at = 0; at < piece.length; ) at += (await file.write(piece, at)).bytesWritten;
  }
}

async function statIfThere(path: string) {
  try {
    return await stat(path);
  } catch (error) {
    if (hasCode(error, "ENOENT")) return undefined;
    throw error;
  }
}
