/** Where the engine keeps its data, and how much of the machine is left for containers. */
import { type Finding, missing, ok, warning } from "./finding.ts";
import type { Host } from "./host.ts";

/** f_type of statfs(2), from linux/magic.h. */
const TMPFS = 0x01021994;
const OVERLAYFS = 0x794c7630;
const NFS = 0x6969;

const LITTLE_DISK_BYTES = 2 * 1024 ** 3;
const LITTLE_MEMORY_BYTES = 256 * 1024 ** 2;
const FEW_FILES = 65_536;
const FEW_WATCHERS = 128;

export function storageFindings(host: Host, root: string): Finding[] {
  return [
    volumeFinding(host, root),
    spaceFinding(host, root),
    memoryFinding(host),
    fileLimitFinding(host),
    inotifyFinding(host),
  ];
}

function volumeFinding(host: Host, root: string): Finding {
  const name = "root directory";
  const elsewhere = "point --root (or TARE_ROOT) at a directory on ext4, xfs or btrfs";
  switch (host.volume(root).type) {
    case OVERLAYFS:
      return missing(name, `${root} lies on an overlay`, {
        why: "The kernel takes no overlay as the upper layer of another: containers have no writable root there.",
        fix: elsewhere,
      });
    case NFS:
      return missing(name, `${root} lies on NFS`, {
        why: "Overlays and the database need a local disk.",
        fix: elsewhere,
      });
    case TMPFS:
      return warning(name, `${root} lies in memory (tmpfs)`, {
        why: "Images and containers vanish with the machine and fill its memory; layers are mounted through loop devices.",
        fix: elsewhere,
      });
    default:
      return ok(name, root);
  }
}

function spaceFinding(host: Host, root: string): Finding {
  const { freeBytes } = host.volume(root);
  const what = `${inGibibytes(freeBytes)} free`;
  if (freeBytes >= LITTLE_DISK_BYTES) return ok("disk space", what);
  return warning("disk space", what, {
    why: "Pulling, building and writing in containers fail when it is used up.",
    fix: "tare container prune, or a larger disk",
  });
}

function memoryFinding(host: Host): Finding {
  const kilobytes = /^MemAvailable:\s+(\d+) kB$/m.exec(host.read("/proc/meminfo") ?? "")?.[1];
  const bytes = Number(kilobytes ?? 0) * 1024;
  if (bytes >= LITTLE_MEMORY_BYTES) return ok("memory", `${inGibibytes(bytes)} available`);
  return warning("memory", `${inGibibytes(bytes)} available`, {
    why: "The engine takes up to 80 MB; containers come on top.",
    fix: "stop something, or add memory",
  });
}

function fileLimitFinding(host: Host): Finding {
  const hard = /^Max open files\s+\S+\s+(\S+)/m.exec(host.read("/proc/self/limits") ?? "")?.[1] ?? "unlimited";
  const what = `${hard} open files`;
  if (hard === "unlimited" || Number(hard) >= FEW_FILES) return ok("file limit", what);
  return warning("file limit", what, {
    why: "The engine holds a few for every container, and containers inherit the limit.",
    fix: `ulimit -Hn ${FEW_FILES} before the engine starts, or LimitNOFILE= in its unit`,
  });
}

function inotifyFinding(host: Host): Finding {
  const instances = Number(host.read("/proc/sys/fs/inotify/max_user_instances") ?? Number.NaN);
  const what = `${instances} instances per user`;
  if (!(instances < FEW_WATCHERS)) return ok("inotify", what);
  return warning("inotify", what, {
    why: "All containers of one user share them; programs that watch files fail when they run out.",
    fix: "sysctl fs.inotify.max_user_instances=1024",
  });
}

const inGibibytes = (bytes: number): string => `${(bytes / 1024 ** 3).toFixed(1)} GiB`;
