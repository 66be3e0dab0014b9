/** syncfs(2): everything written to the file system of an open file reaches the disk. Blocks for as long as that takes. */
import { check, libc } from "./ffi.ts";

const lib = libc({ syncfs: { args: ["i32"], returns: "i32" } });

/** `fd` must be a real descriptor, not an O_PATH one. To be called in a worker: seconds are possible. */
export function syncfs(fd: number): void {
  check("syncfs", `fd ${fd}`, () => lib().syncfs(fd));
}
