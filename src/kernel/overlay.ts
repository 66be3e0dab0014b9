/** Overlay file systems: up to 500 layers through the mount API and `lowerdir+` (Linux 6.8), about 200 through mount(2) before. */
import { openPath } from "./at.ts";
import { SysError } from "./errno.ts";
import type { OwnedFd } from "./fd.ts";
import { attachMount, createMount, type FsOption, openTree } from "./mount-api.ts";
import { MNT_DETACH, mount, umount } from "./mounts.ts";

export interface OverlayMount {
  /** Directories, the uppermost layer first. */
  readonly lowers: readonly string[];
  /** Both or neither; without them the mount is read-only and needs two lowers. On one file system. */
  readonly upper?: string;
  readonly work?: string;
  readonly target: string;
  /** The file system's own, such as ["volatile"] or ["metacopy", "on"]. */
  readonly options?: readonly FsOption[];
}

/** Nothing that either interface would cut, split or unescape. */
const PLAIN_PATH = /^[\w./-]{1,255}$/;

/** Short names for directories: their own, or those of descriptors that stay open until the mount is made. */
class ShortPaths {
  readonly #open = new DisposableStack();

  /** The path itself when it can stand in an option as it is. */
  plain(path: string): string {
    return PLAIN_PATH.test(path) ? path : this.short(path);
  }

  short(path: string): string {
    return this.#open.use(openPath(path)).procPath;
  }

  [Symbol.dispose](): void {
    this.#open.dispose();
  }
}

type Directories = Pick<OverlayMount, "upper" | "work">;

function upperOptions({ upper, work }: Directories, name: (path: string) => string): FsOption[] {
  if (upper === undefined || work === undefined) return [];
  return [
    ["upperdir", name(upper)],
    ["workdir", name(work)],
  ];
}

function createOverlay({ lowers, options = [], ...directories }: Omit<OverlayMount, "target">): OwnedFd {
  using paths = new ShortPaths();
  const name = (path: string): string => paths.plain(path);
  return createMount({
    type: "overlay",
    options: [
      ...lowers.map((lower): FsOption => ["lowerdir+", name(lower)]),
      ...upperOptions(directories, name),
      ...options,
    ],
  });
}

function mountByDescriptor({ target, ...overlay }: OverlayMount): void {
  using mounted = createOverlay(overlay);
  attachMount(mounted, target);
}

/** mount(2) takes one page of options, so every directory gets a name of some 16 bytes. */
export function mountByOptions({ lowers, target, options = [], ...directories }: OverlayMount): void {
  using paths = new ShortPaths();
  const name = (path: string): string => paths.short(path);
  const all: FsOption[] = [["lowerdir", lowers.map(name).join(":")], ...upperOptions(directories, name), ...options];
  const data = all.map(([key, value]) => (value === undefined ? key : `${key}=${value}`)).join(",");
  mount({ source: "overlay", target, type: "overlay", data });
}

/** True for what a kernel says that lacks the mount API, or knows it but not `lowerdir+`. */
function isTooOld(error: unknown): boolean {
  if (!(error instanceof SysError)) return false;
  return (
    error.code === "ENOSYS" || (error.syscall === "fsconfig" && error.message.includes("Unknown parameter 'lowerdir+'"))
  );
}

let byDescriptorWorks = true;

/**
 * The same in no mount table: it lasts as long as its descriptor, which is its root. `target` is an empty directory that an old
 * kernel mounts at for a moment.
 */
export function overlayTree({ target, ...overlay }: OverlayMount): OwnedFd {
  if (byDescriptorWorks) {
    try {
      return createOverlay(overlay);
    } catch (error) {
      if (!isTooOld(error)) throw error;
      byDescriptorWorks = false;
    }
  }
  mountByOptions({ ...overlay, target });
  try {
    return openTree(target);
  } finally {
    umount(target, MNT_DETACH);
  }
}

/** Mounts an overlay at `target`. Throws SysError with the file system's own explanation where it gave one. */
export function overlayMount(request: OverlayMount): void {
  if (byDescriptorWorks) {
    try {
      mountByDescriptor(request);
      return;
    } catch (error) {
      if (!isTooOld(error)) throw error;
      byDescriptorWorks = false;
    }
  }
  mountByOptions(request);
}
