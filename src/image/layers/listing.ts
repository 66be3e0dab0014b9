/** For tests: every file below a directory with all that can be seen of it, one line each; equal trees have equal listings. */
import { createHash } from "node:crypto";
import { lstatSync, readdirSync, readFileSync, readlinkSync } from "node:fs";
import { openPath } from "../../kernel/at.ts";
import { O } from "../../kernel/open-flags.ts";
import { getXattr, listXattrs } from "../../kernel/read-at.ts";

export function listTree(root: string): string[] {
  const lines: string[] = [];
  /** Which names are one file: each is told by the first of its names. */
  const firstNames = new Map<string, string>();
  const pending: Buffer[] = [Buffer.from(root)];
  for (let path = pending.shift(); path !== undefined; path = pending.shift()) {
    const name = path.toString("latin1", root.length);
    lines.push(describe(path, name, firstNames));
    if (!isDirectory(path, root)) continue;
    const names = readdirSync(path, { encoding: "buffer" }).sort((a, b) => a.compare(b));
    pending.push(...names.map((each) => Buffer.concat([path ?? each, Buffer.from("/"), each])));
  }
  return lines.sort();
}

/** The root may be a descriptor's link. */
const isDirectory = (path: Buffer, root: string): boolean =>
  path.toString("latin1") === root || lstatSync(path).isDirectory();

function describe(path: Buffer, name: string, firstNames: Map<string, string>): string {
  const at = name === "" ? Buffer.concat([path, Buffer.from("/.")]) : path;
  const { mode, uid, gid, mtimeNs, rdev, nlink, dev, ino, size } = lstatSync(at, { bigint: true });
  const fields = [name, mode.toString(8), uid, gid, mtimeNs, rdev];
  const type = lstatSync(at);
  if (!type.isDirectory()) {
    const first = firstNames.get(`${dev} ${ino}`) ?? name;
    firstNames.set(`${dev} ${ino}`, first);
    fields.push(nlink, first, size);
  }
  if (type.isFile()) fields.push(createHash("sha256").update(readFileSync(at)).digest("hex"));
  if (type.isSymbolicLink()) fields.push(readlinkSync(at, { encoding: "buffer" }).toString("latin1"));
  return [...fields, ...xattrs(at, type.isFile() || type.isDirectory())].join(" ");
}

function xattrs(path: Buffer, plain: boolean): string[] {
  if (!plain) return [];
  using file = openPath(path, O.RDONLY);
  return listXattrs(file.fd)
    .map((name) => `${name}=${Buffer.from(getXattr(file.fd, name) ?? []).toString("hex")}`)
    .sort();
}
