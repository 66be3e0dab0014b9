/**
 * The content of chosen paths as one digest, after BuildKit's contenthash: names, types, modes, owners, links, attributes and
 * bytes count, times do not. Blocking; for a build thread.
 */
import { readSync } from "node:fs";
import type { Place } from "../../files/view.ts";
import { openView } from "../../files/view-request.ts";
import { isAllowedXattr } from "../../files/xattrs.ts";
import { O } from "../../kernel/open-flags.ts";
import { getXattr, listXattrs, readLink } from "../../kernel/read-at.ts";
import type { ContentWanted } from "../tree.ts";
import { select } from "./select.ts";
import { walk } from "./walk.ts";

const buffer = new Uint8Array(1024 * 1024);

/** Throws MissingPath. */
export function contentDigest(root: string, wanted: ContentWanted): string {
  using opened = openView({ root, readOnly: true });
  const hash = new Bun.CryptoHasher("sha256");
  for (const { path, name, leading, filter } of select(opened.view, wanted)) {
    hash.update(`${name}\0`);
    for (const directory of leading) {
      using place = opened.view.locate(directory.path);
      hashEntry(hash, place, directory.name);
    }
    for (const { place, relative } of walk(opened.view, path, filter)) {
      hashEntry(hash, place, relative);
    }
  }
  return `sha256:${hash.digest("hex")}`;
}

function hashEntry(hash: Bun.CryptoHasher, place: Place, relative: string): void {
  const { stat } = place;
  if (stat.type !== "file" && stat.type !== "directory") return void hash.update(describe(place, relative, ""));
  using opened = place.open(O.RDONLY | O.NONBLOCK);
  hash.update(describe(place, relative, xattrsOf(opened.fd)));
  if (stat.type === "file") hash.update(contentOf(opened.fd, stat.size));
}

function describe(place: Place, relative: string, xattrs: string): string {
  const { type, mode, uid, gid, size, major, minor } = place.stat;
  const link = type === "symlink" ? readLink(place.fd) : "";
  // Permissions of a link mean nothing, and the size of a directory depends on its file system.
  const bits = type === "symlink" ? 0 : mode;
  const length = type === "file" ? size : 0;
  return `${relative}\0${type}\0${bits}\0${uid}\0${gid}\0${length}\0${link}\0${major}\0${minor}\0${xattrs}\n`;
}

function xattrsOf(fd: number): string {
  const names = listXattrs(fd).filter(isAllowedXattr).sort();
  return names.map((name) => `${name}=${getXattr(fd, name)?.toString("hex") ?? ""}`).join(",");
}

/** Small files are read and hashed in one go. */
function contentOf(fd: number, size: number): Uint8Array {
  let got = readSync(fd, buffer, 0, Math.min(size, buffer.length), null);
  if (got === size) return Bun.CryptoHasher.hash("sha256", buffer.subarray(0, got));
  const hash = new Bun.CryptoHasher("sha256");
  for (let left = size; got > 0; got = readSync(fd, buffer, 0, Math.min(left, buffer.length), null)) {
    hash.update(buffer.subarray(0, got));
    left -= got;
    if (left === 0) break;
  }
  return hash.digest();
}
