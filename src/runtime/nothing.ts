/**
 * The stdin of an exec session that has none. crun and others give the standard streams to the process's user, so it must
 * never be the host's /dev/null: its owner could close it to everybody else.
 */
import { fstatSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { hasCode } from "../base/errors.ts";
import { openInRoot, openPath } from "../kernel/at.ts";
import type { OwnedFd } from "../kernel/fd.ts";

export interface Nothing {
  /** To be opened before it is disposed of; from any process. */
  readonly path: string;
  [Symbol.dispose](): void;
}

const DEVICE = "/dev/null";
const EMPTY_FILE = "empty";

/** The container's own /dev/null, or an empty file in `dir` when it has no such device of its own. */
export function openNothing(initPid: number, dir: string): Nothing {
  const device = openOwnDevice(initPid);
  if (device !== undefined) {
    return { path: `/proc/${process.pid}/fd/${device.fd}`, [Symbol.dispose]: () => device.close() };
  }
  const path = join(dir, EMPTY_FILE);
  writeFileSync(path, "", { mode: 0o600 });
  return { path, [Symbol.dispose]: () => undefined };
}

/** Undefined unless it is the null device, on a file system that the host's is not on. Nothing is opened but the name. */
function openOwnDevice(initPid: number): OwnedFd | undefined {
  const host = statSync(DEVICE);
  try {
    using root = openPath(`/proc/${initPid}/root`);
    const file = openInRoot(root.fd, DEVICE, { noSymlinks: true });
    const found = fstatSync(file.fd);
    if (found.isCharacterDevice() && found.rdev === host.rdev && found.dev !== host.dev) return file;
    file.close();
  } catch (error) {
    if (!hasCode(error, "ENOENT") && !hasCode(error, "ELOOP") && !hasCode(error, "ENOTDIR")) throw error;
  }
  return undefined;
}
