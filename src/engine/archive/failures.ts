/** What went wrong in a file thread, in the words of moby (daemon/archive.go, container/archive.go). */
import { notFound, systemError } from "../../base/errors.ts";
import { FileError } from "../../files/threads/file-error.ts";

export interface Asked {
  /** The container as the client wrote it. */
  readonly ref: string;
  /** Absolute. */
  readonly path: string;
}

/** For a path that could not be looked at. */
export function lookFailure(error: unknown, { ref, path }: Asked): unknown {
  if (!(error instanceof FileError)) return error;
  if (error.code === "ENOENT") return notFound(`Could not find the file ${path} in container ${ref}`, { cause: error });
  if (error.code === "ELOOP") return systemError(`evalSymlinksInScope: too many links in ${path}`, { cause: error });
  const message = error.code === "" ? error.message : `lstat ${path}: ${error.meaning}`;
  return systemError(message, { cause: error });
}

/** For a directory that should be unpacked into. */
export function extractFailure(error: unknown, asked: Asked): unknown {
  const isLoop = error instanceof FileError && error.code === "ELOOP";
  return isLoop ? systemError("EvalSymlinks: too many links", { cause: error }) : lookFailure(error, asked);
}
