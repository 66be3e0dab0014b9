/** Mount points that a run makes in the root because they are missing there, and that its layer shall not have (BuildKit's stub cleaner). */
import { readdirSync } from "node:fs";
import { hasCode } from "../../../base/errors.ts";
import { nameBytes } from "../../../base/tar/entry.ts";
import { TreeView } from "../../../files/view.ts";
import { viewPath } from "../../../files/view-request.ts";
import { futimens, openat, openPath, unlinkat } from "../../../kernel/at.ts";
import { O } from "../../../kernel/open-flags.ts";
import { statAt, statFd } from "../../../kernel/read-at.ts";

/** What every run mounts. */
const ALWAYS = ["/proc", "/dev", "/sys", "/etc/resolv.conf", "/etc/hosts", "/etc/hostname"];

export class MountStubs {
  readonly #root: string;
  /** Paths that are not there yet, those that lie deepest first; and the times of the directories they appear in. */
  readonly #missing: readonly string[];
  readonly #times: ReadonlyMap<string, bigint>;

  constructor(root: string, targets: readonly string[]) {
    this.#root = root;
    using opened = openPath(root);
    const view = new TreeView(opened.fd);
    const missing = new Set<string>();
    const times = new Map<string, bigint>();
    for (const target of [...ALWAYS, ...targets]) note(view, viewPath(target).replace(/^\/+/, ""), { missing, times });
    this.#missing = [...missing].toSorted((a, b) => b.length - a.length);
    this.#times = times;
  }

  /** What has been put into one, or has taken its place, stays. */
  remove(): void {
    using opened = openPath(this.#root);
    const view = new TreeView(opened.fd);
    for (const path of this.#missing) removeStub(view, path);
    for (const [path, ns] of this.#times) restoreTime(view, path, ns);
  }
}

function note(view: TreeView, path: string, found: { missing: Set<string>; times: Map<string, bigint> }): void {
  const parts = path.split("/");
  let present = "";
  for (const [at, part] of parts.entries()) {
    const next = parts.slice(0, at + 1).join("/");
    if (!isThere(view, next)) {
      for (let end = at + 1; end <= parts.length; end++) found.missing.add(parts.slice(0, end).join("/"));
      using parent = view.locate(present);
      const { mtimeSec, mtimeNsec } = parent.stat;
      found.times.set(present, BigInt(mtimeSec) * 1_000_000_000n + BigInt(mtimeNsec));
      return;
    }
    present = present === "" ? part : `${present}/${part}`;
  }
}

function isThere(view: TreeView, path: string): boolean {
  try {
    view.locate(path, { follow: false })[Symbol.dispose]();
    return true;
  } catch (error) {
    if (hasCode(error, "ENOENT") || hasCode(error, "ENOTDIR")) return false;
    throw error;
  }
}

function removeStub(view: TreeView, path: string): void {
  const slash = path.lastIndexOf("/");
  const name = nameBytes(path.slice(slash + 1));
  try {
    using parent = view.openDirectory(path.slice(0, Math.max(0, slash)));
    const { type, size } = statAt(parent.fd, name);
    if (type === "directory") {
      using directory = openat(parent.fd, name, O.RDONLY | O.DIRECTORY);
      if (readdirSync(directory.procPath).length === 0) unlinkat(parent.fd, name, { directory: true });
    } else if (type === "file" && size === 0) unlinkat(parent.fd, name);
  } catch (error) {
    if (!hasCode(error, "ENOENT") && !hasCode(error, "ENOTDIR") && !hasCode(error, "ELOOP")) throw error;
  }
}

/** Only where nothing else than stubs came and went. */
function restoreTime(view: TreeView, path: string, ns: bigint): void {
  try {
    using directory = view.openDirectory(path);
    if (statFd(directory.fd).type === "directory") futimens(directory.fd, ns, ns);
  } catch (error) {
    if (!hasCode(error, "ENOENT") && !hasCode(error, "ENOTDIR") && !hasCode(error, "ELOOP")) throw error;
  }
}
