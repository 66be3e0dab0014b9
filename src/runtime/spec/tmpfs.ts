/** Options of tmpfs mounts, from `--tmpfs path:options` and from `--mount type=tmpfs` (moby volume/mounts). Pure. */
import { invalidParameter } from "../../base/errors.ts";
import type { Mount } from "../../wire/host-config.ts";

const SAFE = ["noexec", "nosuid", "nodev"];

/** Each flag by what it undoes: the later of a pair wins. */
const OPPOSITES: Readonly<Record<string, string>> = {
  exec: "exec",
  noexec: "exec",
  suid: "suid",
  nosuid: "suid",
  dev: "dev",
  nodev: "dev",
  rw: "rw",
  ro: "rw",
  sync: "sync",
  async: "sync",
  dirsync: "dirsync",
  atime: "atime",
  noatime: "atime",
  relatime: "atime",
  norelatime: "atime",
  strictatime: "atime",
  nostrictatime: "atime",
  diratime: "diratime",
  nodiratime: "diratime",
  mand: "mand",
  nomand: "mand",
  private: "propagation",
  rprivate: "propagation",
  shared: "propagation",
  rshared: "propagation",
  slave: "propagation",
  rslave: "propagation",
  unbindable: "propagation",
  runbindable: "propagation",
};
const KEYS = new Set(["size", "mode", "uid", "gid", "nr_inodes", "nr_blocks", "mpol"]);

/** Docker's defaults and then the user's options; the last word on each matter counts. Throws `invalid tmpfs option "x"`. */
export function mergeTmpfsOptions(text: string): string[] {
  const wanted = [...SAFE, "rprivate", ...text.split(",").filter(Boolean)];
  const byMatter = new Map<string, string>();
  for (const option of wanted) {
    const [key = "", value] = option.split("=", 2);
    const matter = value === undefined ? OPPOSITES[key] : KEYS.has(key) ? key : undefined;
    if (matter === undefined) throw invalidParameter(`invalid tmpfs option "${option}"`);
    byMatter.delete(matter);
    byMatter.set(matter, option);
  }
  // "rw" is no option of mount(2) but the absence of one.
  return [...byMatter.values()].filter((option) => option !== "rw");
}

/** Throws invalidParameter for options other than exec and noexec. */
export function toTmpfsOptions({ TmpfsOptions = {}, ReadOnly = false }: Mount): string[] {
  const { SizeBytes = 0, Mode = 0, Options = [] } = TmpfsOptions;
  if (SizeBytes < 0) throw invalidParameter(`invalid mount config for type "tmpfs": invalid size: ${SizeBytes}`);
  const wanted = Options.map((option) => option.join("="));
  const unknown = wanted.find((option) => option !== "exec" && option !== "noexec");
  if (unknown !== undefined)
    throw invalidParameter(`invalid mount config for type "tmpfs": invalid option: ${unknown}`);
  const details = [
    ...(ReadOnly ? ["ro"] : []),
    ...(SizeBytes === 0 ? [] : [`size=${SizeBytes}`]),
    ...(Mode === 0 ? [] : [`mode=${Mode.toString(8)}`]),
  ];
  return mergeTmpfsOptions([...wanted, ...details].join(","));
}
