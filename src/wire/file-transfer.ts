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
  /** The content of the regular file that came as number `index`, counted from 0. Several may be read at once. */
  read(index: number): AsyncIterable<Uint8Array>;
  /** Everything wanted was read: ends the transfer in order. */
  finish(): Promise<void>;
  cancel(): void;
}

export interface OutgoingTree {
  /** In the order of FileTransfer.stats. */
  readonly entries: AsyncIterable<FileStat>;
  read(path: string): AsyncIterable<Uint8Array>;
}

/** Which entries of a directory are asked for. Patterns are those of .dockerignore. */
export interface FilesWanted {
  /** None is all. */
  readonly include: readonly string[];
  readonly exclude: readonly string[];
  /** Paths and patterns that are included, and where links in them lead to. */
  readonly follow: readonly string[];
}
