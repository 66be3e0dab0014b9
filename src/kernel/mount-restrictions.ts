/** What a mount forbids, by statfs(2). */
import { check, cstr, libc } from "./ffi.ts";

/** struct statfs of 64-bit Linux. */
const STATFS_BYTES = 120;
const FLAGS_OFFSET = 80;
/** ST_RDONLY and its kin, in the words of mount(8). */
const RESTRICTIONS = [
  [1, "ro"],
  [2, "nosuid"],
  [4, "nodev"],
  [8, "noexec"],
] as const;

const lib = libc({ statfs: { args: ["ptr", "ptr"], returns: "i32" } });

/** Of the mount that `path` lies on, links followed: "ro", "nosuid", "nodev" and "noexec", those that apply. */
export function mountRestrictions(path: string): string[] {
  const [name, result] = [cstr(path), Buffer.alloc(STATFS_BYTES)];
  check("statfs", path, () => lib().statfs(name, result));
  const flags = result.readUInt8(FLAGS_OFFSET);
  return RESTRICTIONS.filter(([bit]) => (flags & bit) !== 0).map(([, word]) => word);
}
