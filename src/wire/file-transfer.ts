/** Trees of files on their way between a build's client and the engine, as both sides see them above the protocol. */

/** One entry of a directory that is sent; parents come before what they hold, in order of their names' components. */
export interface FileStat {
  /** Relative, with slashes. Checked: never absolute, no "..", in order. */
  readonly path: string;
  readonly type: "file" | "directory" | "symlink" | "char" | "block" | "fifo";
  /** Permission bits with set-user-id, set-group-id and sticky as the kernel has them. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly size: number;
  readonly mtimeNs: bigint;
  /** Of a link; of a file, the path that it is another name of. */
  readonly linkName: string;
  readonly major: number;
  readonly minor: number;
  readonly xattrs: ReadonlyMap<string, Uint8Array>;
}

/** Stats come first come first served; contents are asked for by index while they still come. */
export interface FileTransfer {
  readonly stats: AsyncIterable<FileStat>;
  /** Known once the stats have ended: there were none, because they would have been those of `FilesWanted.known`. */
  readonly isKnown: boolean;
  /** The content of the regular file that came as number `index`, counted from 0. Several may be read at once. */
  read(index: number): AsyncIterable<Uint8Array>;
  /** Everything wanted was read: ends the transfer in order. */
  finish(): Promise<void>;
  cancel(): void;
}

export interface OutgoingTree {
  /** In the order of FileTransfer.stats, some at a time. */
  readonly entries: AsyncIterable<readonly FileStat[]>;
  read(path: string): AsyncIterable<Uint8Array>;
}

/** Which entries of a directory are asked for. Patterns are those of .dockerignore. */
export interface FilesWanted {
  /** None is all. */
  readonly include: readonly string[];
  readonly exclude: readonly string[];
  /** Paths and patterns that are included, and where links in them lead to. */
  readonly follow: readonly string[];
  /** The digest of a list of stats (ListDigest) that is there already and need not come again. Only our own client knows of it. */
  readonly known?: string;
}

/** All that tells whether the other side has another file under a name than before, as one line. Pure. */
export function describeFile({
  type,
  mode,
  uid,
  gid,
  size,
  mtimeNs,
  linkName,
  major,
  minor,
  xattrs,
}: FileStat): string {
  const length = type === "directory" ? 0 : size;
  const facts = `${type} ${mode} ${uid} ${gid} ${length} ${mtimeNs} ${linkName} ${major} ${minor} `;
  if (xattrs.size === 0) return facts;
  return facts + [...xattrs].map(([name, value]) => `${name}=${Buffer.from(value).toString("hex")}`).join(",");
}

/** A list of stats in one word, from their paths and descriptions in order. */
export function listDigest(entries: Iterable<readonly [path: string, description: string]>): string {
  const hash = new Bun.CryptoHasher("sha256");
  let lines = "";
  for (const [path, description] of entries) {
    lines += `${path}\0${description}\n`;
    if (lines.length < HASHED_AT_ONCE) continue;
    hash.update(lines);
    lines = "";
  }
  return hash.update(lines).digest("hex");
}

const HASHED_AT_ONCE = 64 * 1024;
