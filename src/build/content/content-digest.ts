/**
 * The content of chosen paths as one digest, after BuildKit's contenthash: names, types, modes, owners, links, attributes and
 * bytes count, times do not. Blocking; for a build thread.
 */
import { readSync } from "node:fs";
import type { Place } from "../../files/view.ts";
import { openView } from "../../files/view-request.ts";
import { isAllowedXattr } from "../../files/xattrs.ts";
import { openPath } from "../../kernel/at.ts";
import { O } from "../../kernel/open-flags.ts";
import { getXattr, listXattrs, readLink } from "../../kernel/read-at.ts";
import type { ContentWanted } from "../tree.ts";
import { Filter, select, walk } from "./select.ts";

const buffer = Buffer.allocUnsafe(1024 * 1024);

/** Throws MissingPath. */
export function contentDigest(root: string, { paths, wildcards, exclude = [] }: ContentWanted): string {
  using opened = openView({ root, readOnly: true });
  const hash = new Bun.CryptoHasher("sha256");
  const filter = new Filter(exclude);
  for (const { path, name } of select(opened.view, paths, wildcards)) {
    hash.update(`${name}\0`);
    for (const { place, relative } of walk(opened.view, path, filter)) {
      hash.update(describe(place, relative));
      if (place.stat.type === "file") hash.update(fileDigest(place));
    }
  }
  return `sha256:${hash.digest("hex")}`;
}

function describe({ fd, stat }: Place, relative: string): string {
  const { type, mode, uid, gid, size, major, minor } = stat;
  const link = type === "symlink" ? readLink(fd) : "";
  // Permissions of a link mean nothing, and the size of a directory depends on its file system.
  const bits = type === "symlink" ? 0 : mode;
  const length = type === "file" ? size : 0;
  return `${[relative, type, bits, uid, gid, length, link, major, minor, xattrsOf(fd, type)].join("\0")}\n`;
}

function xattrsOf(fd: number, type: string): string {
  if (type !== "file" && type !== "directory") return "";
  using opened = openPath(`/proc/self/fd/${fd}`, O.RDONLY | O.NONBLOCK);
  const names = listXattrs(opened.fd).filter(isAllowedXattr).sort();
  return names.map((name) => `${name}=${getXattr(opened.fd, name)?.toString("hex") ?? ""}`).join(",");
}

/** Opened through the descriptor that the walk holds, so that it is the file that was looked at. */
function fileDigest({ fd }: Place): Uint8Array {
  using file = openPath(`/proc/self/fd/${fd}`, O.RDONLY | O.NONBLOCK);
  const hash = new Bun.CryptoHasher("sha256");
  for (let got = readSync(file.fd, buffer); got > 0; got = readSync(file.fd, buffer))
    hash.update(buffer.subarray(0, got));
  return hash.digest();
}
