/**
 * Deletes a directory tree of any depth, made by anybody, without following a link and with two open files at most:
 * a directory that is not empty is renamed to the top, where its turn comes. Other tasks run in between.
 */
import { readdir } from "node:fs/promises";
import { hasCode } from "../base/errors.ts";
import { openat, openPath, renameat, unlinkat } from "../kernel/at.ts";
import type { OwnedFd } from "../kernel/fd.ts";
import { O } from "../kernel/open-flags.ts";

const DIRECTORY = O.RDONLY | O.DIRECTORY;
const YIELD_AFTER_MS = 8;

/** Idempotent. Takes immutable and append-only flags off where they stand in the way. */
export async function removeTree(parent: string, name: string): Promise<void> {
  try {
    await removeOnce(parent, name);
  } catch (error) {
    if (!hasCode(error, "EPERM")) throw error;
    await clearFlags(`${parent}/${name}`);
    await removeOnce(parent, name);
  }
}

async function removeOnce(parent: string, name: string): Promise<void> {
  using above = openPath(parent, DIRECTORY);
  if (!unlinkOrSayDirectory(above, Buffer.from(name))) return;
  using top = openat(above.fd, name, DIRECTORY);
  const pace = createPace();
  const moved = { count: 0 };
  for (let names = await namesIn(top); names.length > 0; names = await namesIn(top)) {
    for (const entry of names) {
      if (unlinkOrSayDirectory(top, entry)) await emptyInto(top, entry, moved, pace);
      await pace();
    }
  }
  unlinkat(above.fd, name, { directory: true });
}

/** Empties `name` in `top`, raising its non-empty directories to `top`, and deletes it. */
async function emptyInto(
  top: OwnedFd,
  name: Buffer,
  moved: { count: number },
  pace: () => Promise<void>,
): Promise<void> {
  {
    using directory = openat(top.fd, name, DIRECTORY);
    for (const entry of await namesIn(directory)) {
      if (unlinkOrSayDirectory(directory, entry)) raise(directory, entry, top, moved);
      await pace();
    }
  }
  unlinkat(top.fd, name, { directory: true });
}

/** Deletes an empty directory, or moves a full one to the top under a name that is free there. */
function raise(directory: OwnedFd, entry: Buffer, top: OwnedFd, moved: { count: number }): void {
  try {
    unlinkat(directory.fd, entry, { directory: true });
    return;
  } catch (error) {
    if (!hasCode(error, "ENOTEMPTY")) throw error;
  }
  for (;;) {
    try {
      renameat(directory.fd, entry, top.fd, `.raised-${moved.count++}`);
      return;
    } catch (error) {
      if (!hasCode(error, "ENOTEMPTY") && !hasCode(error, "EEXIST") && !hasCode(error, "ENOTDIR")) throw error;
    }
  }
}

/** True when `name` is a directory and so was left; gone already counts as deleted. */
function unlinkOrSayDirectory(parent: OwnedFd, name: Buffer): boolean {
  try {
    unlinkat(parent.fd, name);
    return false;
  } catch (error) {
    if (hasCode(error, "EISDIR")) return true;
    if (hasCode(error, "ENOENT")) return false;
    throw error;
  }
}

function namesIn(directory: OwnedFd): Promise<Buffer[]> {
  return readdir(directory.procPath, { encoding: "buffer" });
}

/** Lets other tasks run whenever this one has held the thread for some milliseconds. */
function createPace(): () => Promise<void> {
  let since = performance.now();
  return async () => {
    if (performance.now() - since < YIELD_AFTER_MS) return;
    await new Promise((resolve) => setImmediate(resolve));
    since = performance.now();
  };
}

/** chattr(1) neither follows links nor leaves the tree. Where it is missing the deletion's own error says what is wrong. */
async function clearFlags(path: string): Promise<void> {
  const chattr = Bun.which("chattr");
  if (chattr === null) return;
  await Bun.spawn([chattr, "-R", "-f", "-i", "-a", path], { stdin: "ignore", stdout: "ignore", stderr: "ignore" })
    .exited;
}
