/** An exclusive lock on a file, held by an open descriptor: the kernel gives it back when the process dies. */
import { hasCode } from "../base/errors.ts";
import { OwnedFd } from "./fd.ts";
import { check, cstr, libc } from "./ffi.ts";
import { O } from "./open-flags.ts";

const LOCK_EX_NB = 2 | 4;

const lib = libc({
  open: { args: ["ptr", "i32", "u32"], returns: "i32" },
  flock: { args: ["i32", "i32"], returns: "i32" },
});

export interface FileLock {
  /** Idempotent. The file stays. */
  release(): void;
}

/** Takes the lock without waiting; undefined while somebody else holds it. The file is made when missing (0600). */
export function tryLock(path: string): FileLock | undefined {
  const name = cstr(path);
  const file = new OwnedFd(check("open", path, () => lib().open(name, O.RDWR | O.CREAT | O.CLOEXEC, 0o600)));
  try {
    check("flock", path, () => lib().flock(file.fd, LOCK_EX_NB));
  } catch (error) {
    file.close();
    if (hasCode(error, "EAGAIN")) return undefined;
    throw error;
  }
  return { release: () => file.close() };
}
