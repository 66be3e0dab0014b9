/** What failed in a file thread, as the engine sees it. */
import type { Failure } from "./protocol.ts";

export class FileError extends Error {
  /** Of a system call, such as "ENOENT"; "" for other failures. */
  readonly code: string;
  /** What `code` means, in libc's words. */
  readonly meaning: string;
  /** The archive is to blame, not the machine. */
  readonly isArchive: boolean;

  constructor({ message, code = "", meaning = "", isArchive }: Failure) {
    super(message);
    this.name = "FileError";
    this.code = code;
    this.meaning = meaning;
    this.isArchive = isArchive;
  }
}
