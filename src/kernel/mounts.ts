/** mount(2) and umount2(2). */
import { hasCode } from "../base/errors.ts";
import { check, cstr, libc } from "./ffi.ts";

/** Flags of mount(2). */
export const MS = {
  RDONLY: 1,
  NOSUID: 2,
  NODEV: 4,
  NOEXEC: 8,
  SYNCHRONOUS: 16,
  REMOUNT: 32,
  MANDLOCK: 64,
  DIRSYNC: 128,
  NOATIME: 1024,
  NODIRATIME: 2048,
  BIND: 4096,
  MOVE: 8192,
  REC: 16384,
  UNBINDABLE: 1 << 17,
  PRIVATE: 1 << 18,
  SLAVE: 1 << 19,
  SHARED: 1 << 20,
  RELATIME: 1 << 21,
  STRICTATIME: 1 << 24,
} as const;

/** Flags of umount2(2). */
export const MNT_DETACH = 2;
const UMOUNT_NOFOLLOW = 8;

export interface MountRequest {
  /** A device, a directory to bind, or a word for the mount table; nothing for a change of flags or propagation. */
  readonly source?: string;
  readonly target: string;
  readonly type?: string;
  readonly flags?: number;
  /** The file system's own options, comma separated; at most 4,095 bytes. */
  readonly data?: string;
}

const lib = libc({
  mount: { args: ["ptr", "ptr", "ptr", "u64", "ptr"], returns: "i32" },
  umount2: { args: ["ptr", "i32"], returns: "i32" },
});

const optional = (text: string | undefined): Buffer | null => (text === undefined ? null : cstr(text));

export function mount({ source, target, type, flags = 0, data }: MountRequest): void {
  const [from, to, kind, options] = [optional(source), cstr(target), optional(type), optional(data)];
  check("mount", target, () => lib().mount(from, to, kind, flags, options));
}

export function umount(target: string, flags = 0): void {
  const path = cstr(target);
  check("umount2", target, () => lib().umount2(path, flags));
}

/** Detaches what is mounted at `target`. Returns false when it is no mount point, or not there at all. */
export function umountIfMounted(target: string, flags = MNT_DETACH | UMOUNT_NOFOLLOW): boolean {
  try {
    umount(target, flags);
    return true;
  } catch (error) {
    if (hasCode(error, "EINVAL") || hasCode(error, "ENOENT")) return false;
    throw error;
  }
}
