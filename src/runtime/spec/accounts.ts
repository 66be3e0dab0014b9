/** Reads an image's passwd and group files the way a process inside would see them; links cannot lead out of the root. */
import { fstatSync, readFileSync } from "node:fs";
import { hasCode, invalidParameter } from "../../base/errors.ts";
import { type DirFd, openInRoot, openPath } from "../../kernel/at.ts";
import { type Accounts, resolveUser } from "./user.ts";

/** Larger account files are an attack, not a list of users. */
const LARGEST_BYTES = 4 * 1024 * 1024;
const ABSENT = ["ENOENT", "ENOTDIR", "ELOOP"];

/** `root` is a directory as the host names it: a mounted root file system, or /proc/<pid>/root. */
export function readAccounts(root: string): Accounts {
  using directory = openPath(root);
  return { passwd: readInRoot(directory.fd, "/etc/passwd"), group: readInRoot(directory.fd, "/etc/group") };
}

/** Throws invalidParameter for a `user[:group]` that the running container's files do not know. */
export function checkUser(initPid: number, user: string): void {
  resolveUser(user, [], readAccounts(`/proc/${initPid}/root`));
}

/** Empty when there is no such file, or something else in its place: a device or fifo is never opened. */
function readInRoot(root: DirFd, path: string): string {
  try {
    using found = openInRoot(root, path);
    const { isFile, size } = describe(found.fd);
    if (!isFile) return "";
    if (size > LARGEST_BYTES) throw invalidParameter(`${path} of the image is larger than ${LARGEST_BYTES} bytes`);
    return readFileSync(found.procPath, "utf8");
  } catch (error) {
    if (ABSENT.some((code) => hasCode(error, code))) return "";
    throw error;
  }
}

function describe(fd: number): { isFile: boolean; size: number } {
  const stats = fstatSync(fd);
  return { isFile: stats.isFile(), size: stats.size };
}
