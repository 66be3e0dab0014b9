/** What a tree holds, in numbers, and a word that changes with it: looked at, not read. Blocking; for a worker. */
import { readdirSync } from "node:fs";
import { hasCode } from "../base/errors.ts";
import { openInRoot } from "../kernel/at.ts";
import type { OwnedFd } from "../kernel/fd.ts";
import { O } from "../kernel/open-flags.ts";
import { type FileStat, statFd, statIfThere } from "../kernel/read-at.ts";

export interface Survey {
  /** Everything but directories. */
  readonly files: number;
  /** Of regular files; one with several names counts each time. */
  readonly bytes: number;
  /** Differs when any file has been added, removed, renamed, written to, or has other attributes. Hex. */
  readonly fingerprint: string;
}

const TOP = Buffer.from(".");
const SLASH = Buffer.from("/");

/** `checkpoint` is called often and may throw to stop. */
export function surveyTree(top: OwnedFd, checkpoint: () => void): Survey {
  const hash = new Bun.CryptoHasher("sha256");
  const describe = (path: Buffer, stat: FileStat): void => void hash.update(path).update(factsOf(stat));
  const directories = [TOP];
  let [files, bytes] = [0, 0];
  describe(TOP, statFd(top.fd));
  for (const path of directories) {
    for (const [name, stat] of entriesOf(top, path)) {
      const full = Buffer.concat([path, SLASH, name]);
      describe(full, stat);
      if (stat.type === "directory") directories.push(full);
      else files++;
      if (stat.type === "file") bytes += stat.size;
      checkpoint();
    }
  }
  return { files, bytes, fingerprint: hash.digest("hex") };
}

/** By name, as an archive has them. What vanishes meanwhile is not there. */
function entriesOf(top: OwnedFd, path: Buffer): [Buffer, FileStat][] {
  try {
    using directory = openInRoot(top.fd, path, { flags: O.RDONLY | O.DIRECTORY, noSymlinks: true });
    const names = readdirSync(directory.procPath, { encoding: "buffer" }).sort((a, b) => a.compare(b));
    return names.flatMap((name) => {
      const stat = statIfThere(directory.fd, name);
      return stat === undefined ? [] : [[name, stat]];
    });
  } catch (error) {
    if (!hasCode(error, "ENOENT")) throw error;
    return [];
  }
}

/** Between NUL bytes, which no path has. */
function factsOf({ type, mode, uid, gid, size, inode, links, mtimeSec, mtimeNsec }: FileStat): string {
  return `\0${[type, mode, uid, gid, size, inode, links, mtimeSec, mtimeNsec].join(" ")}\0`;
}
