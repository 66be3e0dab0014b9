/** What went wrong in a file thread, in the words of moby (daemon/archive.go, container/archive.go). */
import { notFound, systemError } from "../../base/errors.ts";
import { FileError } from "../../files/threads/file-error.ts";

export interface Asked {
  /** The container as the client wrote it. */
  readonly ref: string;
  /** The path as the client wrote it, and as an absolute one. */
  readonly path: string;
  readonly resolved: string;
}

/** For a path that could not be looked at. */
export function lookFailure(error: unknown, { ref, path, resolved }: Asked): unknown {
  if (!(error instanceof FileError)) return error;
  if (error.code === "ENOENT") return notFound(`Could not find the file ${path} in container ${ref}`, { cause: error });
  if (error.code === "ELOOP")
    return systemError(`evalSymlinksInScope: too many links in ${resolved}`, { cause: error });
  const message = error.code === "" ? error.message : `lstat ${resolved}: ${error.meaning}`;
  return systemError(message, { cause: error });
}

/** For a directory that should be unpacked into. */
export function extractFailure(error: unknown, asked: Asked): unknown {
  if (!(error instanceof FileError) || error.code === "ENOENT" || error.code === "") return lookFailure(error, asked);
  const message = error.code === "ELOOP" ? "EvalSymlinks: too many links" : error.meaning;
  return systemError(message, { cause: error });
}
