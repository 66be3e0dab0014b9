/** posix_fadvise(2): asks for a stretch of a file to be read into the page cache, without waiting for it. */
import { openPath } from "./at.ts";
import { libc } from "./ffi.ts";
import { O } from "./open-flags.ts";

const POSIX_FADV_WILLNEED = 3;

const lib = libc({ posix_fadvise: { args: ["i32", "i64", "i64", "i32"], returns: "i32" } });

/** From `offset` to the end. An error only means that it is read later. */
export function readAhead(path: string, offset: number): void {
  using file = openPath(path, O.RDONLY);
  lib().posix_fadvise(file.fd, offset, 0, POSIX_FADV_WILLNEED);
}
