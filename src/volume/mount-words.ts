/** The words of mount(8)'s `-o` as flags of mount(2), and what is left for the file system (moby/sys mount, flags_linux.go). Pure. */
import { MS } from "../kernel/mounts.ts";

type Change = { readonly set?: number; readonly clear?: number };

const set = (flag: number): Change => ({ set: flag });
const clear = (flag: number): Change => ({ clear: flag });

const WORDS: Readonly<Record<string, Change>> = {
  defaults: {},
  async: clear(MS.SYNCHRONOUS),
  sync: set(MS.SYNCHRONOUS),
  atime: clear(MS.NOATIME),
  noatime: set(MS.NOATIME),
  bind: set(MS.BIND),
  rbind: set(MS.BIND | MS.REC),
  dev: clear(MS.NODEV),
  nodev: set(MS.NODEV),
  diratime: clear(MS.NODIRATIME),
  nodiratime: set(MS.NODIRATIME),
  dirsync: set(MS.DIRSYNC),
  exec: clear(MS.NOEXEC),
  noexec: set(MS.NOEXEC),
  mand: set(MS.MANDLOCK),
  nomand: clear(MS.MANDLOCK),
  relatime: set(MS.RELATIME),
  norelatime: clear(MS.RELATIME),
  strictatime: set(MS.STRICTATIME),
  nostrictatime: clear(MS.STRICTATIME),
  remount: set(MS.REMOUNT),
  ro: set(MS.RDONLY),
  rw: clear(MS.RDONLY),
  suid: clear(MS.NOSUID),
  nosuid: set(MS.NOSUID),
};

const PROPAGATION: Readonly<Record<string, number>> = {
  private: MS.PRIVATE,
  rprivate: MS.PRIVATE | MS.REC,
  shared: MS.SHARED,
  rshared: MS.SHARED | MS.REC,
  slave: MS.SLAVE,
  rslave: MS.SLAVE | MS.REC,
  unbindable: MS.UNBINDABLE,
  runbindable: MS.UNBINDABLE | MS.REC,
};

export interface MountWords {
  readonly flags: number;
  /** A propagation change, which is a call of its own; 0 is none. */
  readonly propagation: number;
  readonly data: string;
}

/** Later words win. */
export function parseMountWords(text: string): MountWords {
  let flags = 0;
  let propagation = 0;
  const data: string[] = [];
  for (const word of text.split(",").filter(Boolean)) {
    const change = WORDS[word];
    if (change !== undefined) flags = (flags & ~(change.clear ?? 0)) | (change.set ?? 0);
    else if (PROPAGATION[word] !== undefined) propagation = PROPAGATION[word];
    else data.push(word);
  }
  return { flags, propagation, data: data.join(",") };
}
