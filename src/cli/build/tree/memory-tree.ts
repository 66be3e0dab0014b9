/** A directory that is on no disk: a Dockerfile from standard input or an address, or nothing at all. */
import { notFound } from "../../../base/errors.ts";
import type { FileStat, FilesWanted, OutgoingTree } from "../../../wire/file-transfer.ts";
import { createSelection } from "./selection.ts";

/** The names are in order, without directories in them. */
export function memoryTree(files: ReadonlyMap<string, Uint8Array>, wanted: FilesWanted): OutgoingTree {
  const selection = createSelection(wanted, new Set(wanted.follow));
  const mtimeNs = BigInt(Date.now()) * 1_000_000n;
  const taken = [...files].filter(([name]) => selection.takes(name));
  return {
    entries: (async function* () {
      yield taken.map(([path, { length }]) => ({ ...EMPTY, path, size: length, mtimeNs }));
    })(),
    read: async function* (path) {
      const bytes = files.get(path);
      if (bytes === undefined) throw notFound(`no file ${path}`);
      yield bytes;
    },
  };
}

const EMPTY: FileStat = {
  path: "",
  type: "file",
  mode: 0o644,
  uid: 0,
  gid: 0,
  size: 0,
  mtimeNs: 0n,
  linkName: "",
  major: 0,
  minor: 0,
  xattrs: new Map(),
};
