/** Mounts as descriptors: fsopen(2), fspick(2), fsconfig(2), fsmount(2), move_mount(2) and open_tree(2) of Linux 5.2. */
import { readSync } from "node:fs";
import { SysError } from "./errno.ts";
import { OwnedFd } from "./fd.ts";
import { check, cstr, libc } from "./ffi.ts";

const AT_FDCWD = -100;

// One number on every architecture.
const SYS = { OPEN_TREE: 428, MOVE_MOUNT: 429, FSOPEN: 430, FSCONFIG: 431, FSMOUNT: 432, FSPICK: 433 } as const;

const FSOPEN_CLOEXEC = 1;
const FSMOUNT_CLOEXEC = 1;
const FSPICK_CLOEXEC = 1;
const FSCONFIG = { FLAG: 0, STRING: 1, CREATE: 6, RECONFIGURE: 7 } as const;
const MOVE_MOUNT_F_EMPTY_PATH = 4;
const OPEN_TREE_CLONE = 1;
const OPEN_TREE_CLOEXEC = 0o2000000;
const AT_RECURSIVE = 0x8000;

const lib = libc({ syscall: { args: ["i64", "i64", "i64", "ptr", "ptr", "i64"], returns: "i32" } });
const moveLib = libc({ syscall: { args: ["i64", "i64", "ptr", "i64", "ptr", "i64"], returns: "i32" } });
const openLib = libc({ syscall: { args: ["i64", "ptr", "i64"], returns: "i32" } });
const numbersLib = libc({ syscall: { args: ["i64", "i64", "i64", "i64"], returns: "i32" } });
const treeLib = libc({ syscall: { args: ["i64", "i64", "ptr", "i64"], returns: "i32" } });

/** An option of a file system: a flag when it has no value. Values take at most 255 bytes. */
export type FsOption = readonly [key: string, value?: string];

export interface NewMount {
  /** The file system's type, such as "overlay". */
  readonly type: string;
  readonly options: readonly FsOption[];
}

/** What the file system said about the last failure; it stands in the context's queue, one message a read. */
function explanation(context: OwnedFd): string {
  const message = Buffer.alloc(512);
  try {
    return message.toString("utf8", 2, readSync(context.fd, message)).trim();
  } catch {
    return ""; // ENODATA: it said nothing.
  }
}

function configure(context: OwnedFd, command: number, [key, value]: FsOption | []): void {
  const [name, text] = [key === undefined ? null : cstr(key), value === undefined ? null : cstr(value)];
  const subject = [key, value].filter((part) => part !== undefined).join("=");
  try {
    check("fsconfig", subject, () => lib().syscall(SYS.FSCONFIG, context.fd, command, name, text, 0));
  } catch (error) {
    if (!(error instanceof SysError)) throw error;
    throw new SysError(error.syscall, error.errno, subject, explanation(context));
  }
}

/** Makes a mount that is attached nowhere yet; it lives as long as its descriptor. */
export function createMount({ type, options }: NewMount): OwnedFd {
  const name = cstr(type);
  using context = new OwnedFd(check("fsopen", type, () => openLib().syscall(SYS.FSOPEN, name, FSOPEN_CLOEXEC)));
  for (const option of options) {
    configure(context, option[1] === undefined ? FSCONFIG.FLAG : FSCONFIG.STRING, option);
  }
  configure(context, FSCONFIG.CREATE, []);
  return new OwnedFd(check("fsmount", type, () => numbersLib().syscall(SYS.FSMOUNT, context.fd, FSMOUNT_CLOEXEC, 0)));
}

/** Gives the file system mounted at `target` other options. Most take those left out as taken back: name them all. */
export function reconfigure(target: string, options: readonly FsOption[]): void {
  const path = cstr(target);
  using context = new OwnedFd(
    check("fspick", target, () => treeLib().syscall(SYS.FSPICK, AT_FDCWD, path, FSPICK_CLOEXEC)),
  );
  for (const option of options) {
    configure(context, option[1] === undefined ? FSCONFIG.FLAG : FSCONFIG.STRING, option);
  }
  configure(context, FSCONFIG.RECONFIGURE, []);
}

/** Attaches a detached mount at `target`, where it stays when the descriptor is closed. */
export function attachMount(mount: OwnedFd, target: string): void {
  const [empty, path] = [cstr(""), cstr(target)];
  check("move_mount", target, () =>
    moveLib().syscall(SYS.MOVE_MOUNT, mount.fd, empty, AT_FDCWD, path, MOVE_MOUNT_F_EMPTY_PATH),
  );
}

/** A detached copy of the mount at `path`, as a bind mount would make it. */
export function openTree(path: string, { recursive = false } = {}): OwnedFd {
  const name = cstr(path);
  const flags = OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | (recursive ? AT_RECURSIVE : 0);
  return new OwnedFd(check("open_tree", path, () => treeLib().syscall(SYS.OPEN_TREE, AT_FDCWD, name, flags)));
}
