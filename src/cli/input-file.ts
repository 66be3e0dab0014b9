/** A file of the user's as a stream of bytes, with Go's words when it cannot be read. */
import { hasCode } from "../base/errors.ts";
import { absolutePath } from "./container/paths.ts";
import { CommandError } from "./errors.ts";

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: "no such file or directory",
  EACCES: "permission denied",
  ENOTDIR: "not a directory",
};

/** `path` is seen from `cwd`. Throws CommandError at once when there is no such file. */
export async function openInput(cwd: string, path: string): Promise<AsyncIterable<Uint8Array>> {
  const file = Bun.file(absolutePath(cwd, path));
  try {
    const about = await file.stat();
    if (about.isDirectory()) throw new CommandError(`read ${path}: is a directory`);
  } catch (cause) {
    const code = Object.keys(REASONS).find((known) => hasCode(cause, known));
    if (code === undefined) throw cause;
    throw new CommandError(`open ${path}: ${REASONS[code]}`, 1, { cause });
  }
  return file.stream();
}
