/** Reads an image's passwd and group files the way a process inside would see them; links cannot lead out of the root. */
import { readSync } from "node:fs";
import { hasCode, invalidParameter } from "../../base/errors.ts";
import { type DirFd, openInRoot, openPath } from "../../kernel/at.ts";
import { O } from "../../kernel/open-flags.ts";
import type { Accounts } from "./user.ts";

/** Larger account files are an attack, not a list of users. */
const LARGEST_BYTES = 4 * 1024 * 1024;
const ABSENT = ["ENOENT", "ENOTDIR", "ELOOP"];

/** `root` is a directory as the host names it: a mounted root file system, or /proc/<pid>/root. */
export function readAccounts(root: string): Accounts {
  using directory = openPath(root);
  return { passwd: readInRoot(directory.fd, "/etc/passwd"), group: readInRoot(directory.fd, "/etc/group") };
}

/** Empty when there is no such file. A fifo or device in its place gives nothing rather than keeping us waiting. */
function readInRoot(root: DirFd, path: string): string {
  try {
    using file = openInRoot(root, path, { flags: O.RDONLY | O.NONBLOCK | O.NOCTTY });
    return readBounded(file.fd, path);
  } catch (error) {
    if (ABSENT.some((code) => hasCode(error, code))) return "";
    throw error;
  }
}

function readBounded(fd: number, path: string): string {
  const chunks: Buffer[] = [];
  let size = 0;
  for (;;) {
    const chunk = Buffer.allocUnsafe(8192);
    const count = readSync(fd, chunk);
    if (count === 0) return Buffer.concat(chunks).toString("utf8");
    chunks.push(chunk.subarray(0, count));
    size += count;
    if (size > LARGEST_BYTES) throw invalidParameter(`${path} of the image is larger than ${LARGEST_BYTES} bytes`);
  }
}
