/** fs-verity: the file system itself checks every read of a file against a hash tree, and the file can never be written again. */
import { openPath } from "./at.ts";
import { SysError } from "./errno.ts";
import { check, libc } from "./ffi.ts";
import { O } from "./open-flags.ts";

/** _IOW('f', 133, struct fsverity_enable_arg), linux/fsverity.h. */
const FS_IOC_ENABLE_VERITY = 0x40806685;
const ARGUMENT_BYTES = 128;
const VERSION = 1;
const HASH_SHA256 = 1;
const BLOCK_BYTES = 4096;

/** What file systems and kernels say that have no verity, or not for this file. */
const UNABLE: readonly string[] = ["ENOTTY", "EOPNOTSUPP", "EINVAL"];

const lib = libc({ ioctl: { args: ["i32", "u64", "ptr"], returns: "i32" } });

/** Reads the whole file. False where the file system cannot; nobody may have the file open for writing. */
export function enableVerity(path: string): boolean {
  using file = openPath(path, O.RDONLY);
  const argument = Buffer.alloc(ARGUMENT_BYTES);
  argument.writeUInt32LE(VERSION, 0);
  argument.writeUInt32LE(HASH_SHA256, 4);
  argument.writeUInt32LE(BLOCK_BYTES, 8);
  try {
    check("ioctl FS_IOC_ENABLE_VERITY", path, () => lib().ioctl(file.fd, FS_IOC_ENABLE_VERITY, argument));
    return true;
  } catch (error) {
    if (!(error instanceof SysError) || !UNABLE.includes(error.code)) throw error;
    return false;
  }
}
