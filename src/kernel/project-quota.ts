/**
 * Project quotas: a directory tree's own number, and how many bytes files with it may take (ioctl FS_IOC_FSSETXATTR, quotactl_fd(2) of
 * Linux 5.14 with the calls of XFS, which ext4 answers as well). File systems have them when they are mounted with `prjquota`.
 */
import { SysError } from "./errno.ts";
import { check, libc } from "./ffi.ts";

const FS_IOC_FSGETXATTR = 0x801c581f;
const FS_IOC_FSSETXATTR = 0x401c5820;
const FSXATTR_BYTES = 28;
const FS_XFLAG_PROJINHERIT = 0x200;

const SYS_QUOTACTL_FD = 443;
const PROJECT_QUOTA = 2;
const Q_XGETQUOTA = 0x5803;
const Q_XSETQLIM = 0x5804;
const FS_DISK_QUOTA_BYTES = 112;
const FS_DQUOT_VERSION = 1;
const FS_PROJ_QUOTA = 2;
const FS_DQ_BSOFT = 1 << 2;
const FS_DQ_BHARD = 1 << 3;
const BASIC_BLOCK_BYTES = 512;

const lib = libc({
  ioctl: { args: ["i32", "u64", "ptr"], returns: "i32" },
  syscall: { args: ["i64", "i64", "i64", "i64", "ptr"], returns: "i32" },
});

/** struct fs_disk_quota with nothing but a limit on blocks; 0 is none. Pure. */
export function encodeLimit(project: number, bytes: number): Buffer {
  const blocks = BigInt(Math.ceil(bytes / BASIC_BLOCK_BYTES));
  const out = Buffer.alloc(FS_DISK_QUOTA_BYTES);
  out.writeInt8(FS_DQUOT_VERSION, 0);
  out.writeInt8(FS_PROJ_QUOTA, 1);
  out.writeUInt16LE(FS_DQ_BSOFT | FS_DQ_BHARD, 2);
  out.writeUInt32LE(project, 4);
  out.writeBigUInt64LE(blocks, 8);
  out.writeBigUInt64LE(blocks, 16);
  return out;
}

/** struct fsxattr of a directory that gives `project` to everything made in it. `before` is the present one. Pure. */
export function encodeProject(before: Buffer, project: number): Buffer {
  const out = Buffer.from(before);
  out.writeUInt32LE(before.readUInt32LE(0) | FS_XFLAG_PROJINHERIT, 0);
  out.writeUInt32LE(project, 12);
  return out;
}

function readAttributes(fd: number): Buffer {
  const out = Buffer.alloc(FSXATTR_BYTES);
  check("ioctl FS_IOC_FSGETXATTR", `fd ${fd}`, () => lib().ioctl(fd, FS_IOC_FSGETXATTR, out));
  return out;
}

const quotactl = (fd: number, command: number, project: number, data: Buffer): number =>
  check("quotactl_fd", `fd ${fd}`, () =>
    lib().syscall(SYS_QUOTACTL_FD, fd, (command << 8) | PROJECT_QUOTA, project, data),
  );

/** Whether the file system of an open directory counts and limits by project. */
export function hasProjectQuota(fd: number): boolean {
  try {
    quotactl(fd, Q_XGETQUOTA, 0, Buffer.alloc(FS_DISK_QUOTA_BYTES));
    return true;
  } catch (error) {
    // Nothing has been counted for the project yet.
    return error instanceof SysError && error.code === "ENOENT";
  }
}

/** 0 is none. */
export function projectOf(fd: number): number {
  return readAttributes(fd).readUInt32LE(12);
}

/** Gives the project to an open, empty directory and to everything that will be made in it. */
export function setProject(fd: number, project: number): void {
  const attributes = encodeProject(readAttributes(fd), project);
  check("ioctl FS_IOC_FSSETXATTR", `fd ${fd}`, () => lib().ioctl(fd, FS_IOC_FSSETXATTR, attributes));
}

/** Bytes that all files of the project together may take on the file system of an open directory; 0 is no limit. */
export function limitProject(fd: number, project: number, bytes: number): void {
  quotactl(fd, Q_XSETQLIM, project, encodeLimit(project, bytes));
}
