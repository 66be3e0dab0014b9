/** A view as plain data, so that another thread can open it. */
import { hasCode } from "../base/errors.ts";
import { nameBytes } from "../base/tar/entry.ts";
import { type DirFd, openat, openInRoot, openPath } from "../kernel/at.ts";
import type { OwnedFd } from "../kernel/fd.ts";
import { O } from "../kernel/open-flags.ts";
import { statFd } from "../kernel/read-at.ts";
import { LiveDirectories } from "./live-directory.ts";
import { type Place, TreeView } from "./view.ts";

export interface MountRequest {
  /** A path in the view, links allowed; made when it is missing. */
  readonly destination: string;
  /** A path of the host's, links followed. What is not there is not mounted. */
  readonly source: string;
  /** A path below `source`, links ending there. */
  readonly within?: string;
  readonly readOnly: boolean;
}

export interface ViewRequest {
  /** A directory of the host's; that of a descriptor when it is /proc/self/fd/<n>. */
  readonly root: string;
  /** Of what no mount covers. */
  readonly readOnly?: boolean;
  /** In the order in which they are put over each other. */
  readonly mounts?: readonly MountRequest[];
}

export interface OpenView extends Disposable {
  readonly view: TreeView;
}

/** Paths of the host's are strings, those within the view have one character a byte. */
export const viewPath = (path: string): string => Buffer.from(path).toString("latin1");
/** The other way round. */
export const pathText = (path: string): string => Buffer.from(path, "latin1").toString();

export function openView({ root, readOnly = false, mounts = [] }: ViewRequest): OpenView {
  using undo = new DisposableStack();
  const top = undo.use(openPath(root));
  // Mount points are made in a read-only tree as well, as a runtime would before it mounts.
  const writable = new TreeView(top.fd);
  const view = new TreeView(top.fd, { readOnly });
  for (const mount of mounts) {
    const source = openSource(mount);
    if (source === undefined) continue;
    const { fd } = undo.use(source);
    using point = mountPoint(writable, viewPath(mount.destination), fd);
    for (const each of [writable, view]) each.mount({ path: point.path, fd, readOnly: mount.readOnly });
  }
  const opened = undo.move();
  return { view, [Symbol.dispose]: () => opened.dispose() };
}

function openSource({ source, within = "" }: MountRequest): OwnedFd | undefined {
  try {
    if (within === "") return openPath(source, O.PATH);
    using base = openPath(source);
    return openInRoot(base.fd, within);
  } catch (error) {
    if (!hasCode(error, "ENOENT") && !hasCode(error, "ENOTDIR")) throw error;
    return undefined;
  }
}

function mountPoint(view: TreeView, destination: string, source: DirFd): Place {
  try {
    return view.locate(destination);
  } catch (error) {
    if (!hasCode(error, "ENOENT")) throw error;
  }
  const path = destination.replace(/\/+$/, "");
  using directories = new LiveDirectories(view);
  if (statFd(source).type === "directory") directories.at(path);
  else {
    const slash = path.lastIndexOf("/");
    const parent = directories.at(path.slice(0, slash));
    openat(parent.fd, nameBytes(path.slice(slash + 1)), O.WRONLY | O.CREAT, 0o644).close();
  }
  return view.locate(destination);
}
