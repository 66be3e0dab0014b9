/** What a subpath of a volume or of an image leads to, which is never outside of it. */
import { posix } from "node:path";
import { hasCode, invalidParameter, messageOf, notFound } from "../base/errors.ts";
import { openInRoot, openPath } from "../kernel/at.ts";
import type { OwnedFd } from "../kernel/fd.ts";
import { O } from "../kernel/open-flags.ts";

/** As O_PATH, whatever it is. Throws in Docker's words: notFound when nothing is there, invalidParameter when it lies outside. */
export function openSubpath(base: string, subpath: string): OwnedFd {
  using root = openPath(base);
  try {
    return openInRoot(root.fd, subpath, { flags: O.PATH, beneath: true });
  } catch (error) {
    if (hasCode(error, "EXDEV")) {
      const why = `path concatenation escapes the base directory, base: ${base}, subpath: ${subpath}`;
      throw invalidParameter(why, { cause: error });
    }
    const path = posix.join(base, subpath);
    const why = hasCode(error, "ENOENT") ? "no such file or directory" : messageOf(error);
    throw notFound(`cannot access path ${path}: lstat ${path}: ${why}`, { cause: error });
  }
}
