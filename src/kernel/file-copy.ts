/** Contents of one open file into another without passing through this process: shared where the file system can, copied elsewhere. */
import { SysError } from "./errno.ts";
import { check, libc } from "./ffi.ts";

/** _IOW(0x94, 9, int), ioctl_ficlone(2). */
const FICLONE = 0x40049409;

const lib = libc({
  ioctl: { args: ["i32", "u64", "i64"], returns: "i32" },
  copy_file_range: { args: ["i32", "ptr", "i32", "ptr", "u64", "u32"], returns: "i64" },
  ftruncate: { args: ["i32", "i64"], returns: "i32" },
});

/** What a file system says that cannot do it for these two files. */
const UNABLE = ["EOPNOTSUPP", "EXDEV", "EINVAL", "ENOTTY", "ENOSYS", "EBADF"];

const isUnable = (error: unknown): boolean => error instanceof SysError && UNABLE.includes(error.code);

/** Makes `to` share all the contents of `from` (a reflink). False where that is not possible: nothing has changed then. */
export function cloneContents(from: number, to: number): boolean {
  try {
    check("ioctl FICLONE", `fd ${from}`, () => lib().ioctl(to, FICLONE, from));
    return true;
  } catch (error) {
    if (!isUnable(error)) throw error;
    return false;
  }
}

/** Copies up to `length` bytes at `offset`; how many it were, 0 at the end of `from`. Undefined where the kernel cannot. */
export function copyRange(from: number, to: number, offset: number, length: number): number | undefined {
  const [source, target] = [BigInt64Array.of(BigInt(offset)), BigInt64Array.of(BigInt(offset))];
  try {
    return check("copy_file_range", `fd ${from}`, () =>
      Number(lib().copy_file_range(from, source, to, target, length, 0)),
    );
  } catch (error) {
    if (!isUnable(error)) throw error;
    return undefined;
  }
}

/** Cuts or extends the file, by a hole, to `size` bytes. */
export function ftruncate(fd: number, size: number): void {
  check("ftruncate", `fd ${fd}`, () => lib().ftruncate(fd, size));
}
