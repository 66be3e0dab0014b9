/** The mount table of a process, after proc_pid_mountinfo(5). */
import { readFileSync } from "node:fs";

export interface MountInfo {
  readonly id: number;
  readonly parentId: number;
  /** "major:minor" */
  readonly device: string;
  /** The directory within the file system that is the root of this mount. */
  readonly root: string;
  readonly target: string;
  readonly options: string;
  /** Of its propagation: "shared:1", "master:2" …; none for a private mount. */
  readonly propagation: readonly string[];
  readonly type: string;
  readonly source: string;
  readonly superOptions: string;
}

/** Octal escapes stand for space, tab, newline, backslash and hash, byte by byte. */
function unescape(field: string): string {
  return field.replace(/\\([0-7]{3})/g, (_escape, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)));
}

function parseLine(line: string): MountInfo[] {
  const [mountPart = "", filesystemPart = ""] = line.split(" - ", 2);
  const [id, parentId, device, root, target, options, ...propagation] = mountPart.split(" ");
  const [type, source, superOptions = ""] = filesystemPart.split(" ");
  if (root === undefined || target === undefined || options === undefined) return [];
  if (id === undefined || parentId === undefined || device === undefined) return [];
  if (type === undefined || source === undefined) return [];
  return [
    {
      id: Number(id),
      parentId: Number(parentId),
      device,
      root: unescape(root),
      target: unescape(target),
      options,
      propagation,
      type,
      source: unescape(source),
      superOptions: unescape(superOptions),
    },
  ];
}

export function parseMountInfo(text: string): MountInfo[] {
  return text.split("\n").flatMap(parseLine);
}

/** The mounts this process sees, or those of another. */
export function readMounts(pid: number | "self" = "self"): MountInfo[] {
  return parseMountInfo(readFileSync(`/proc/${pid}/mountinfo`, "utf8"));
}

/** Those at `directory` and below, the deepest and latest first: the order in which to take them away. */
export function mountsUnder(directory: string, mounts: readonly MountInfo[] = readMounts()): MountInfo[] {
  const prefix = directory.endsWith("/") ? directory : `${directory}/`;
  return mounts.filter(({ target }) => target === directory || target.startsWith(prefix)).reverse();
}
