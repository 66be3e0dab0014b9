/**
 * What an archive says about one file. Names are arbitrary bytes, kept as strings with one character a byte (latin1), so
 * that nothing is lost and they can still be split and compared; `nameBytes` gives them to the kernel.
 */

export type EntryType = "file" | "directory" | "symlink" | "link" | "char" | "block" | "fifo";

export interface TarEntry {
  readonly type: EntryType;
  /** As it stands in the archive: possibly absolute, with "..", or hostile in another way. */
  readonly name: string;
  /** Target of a symlink or hard link. */
  readonly linkName: string;
  /** Permission bits with set-user-id and its like, 0o7777 at most. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  /** Bytes of data that follow. */
  readonly size: number;
  /** Set when the file has holes: where in it the data that follows belongs. */
  readonly sparse: Sparse | undefined;
  readonly mtimeNs: bigint;
  readonly major: number;
  readonly minor: number;
  readonly xattrs: ReadonlyMap<string, Uint8Array>;
  /** Where the data begins, counted from the start of the tar stream. */
  readonly offset: number;
}

/** Bytes that stand together in a file with holes. */
export interface SparseSegment {
  readonly offset: number;
  readonly length: number;
}

export interface Sparse {
  /** Of the file with its holes. */
  readonly size: number;
  /** In order, none empty; their data follows in the archive without gaps. */
  readonly segments: readonly SparseSegment[];
}

/** A damaged or unacceptable archive. Its message is shown to the client. */
export class TarError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "TarError";
  }
}

export const BLOCK_BYTES = 512;

/** Bytes up to the next block boundary. */
export function padding(size: number): number {
  return (BLOCK_BYTES - (size % BLOCK_BYTES)) % BLOCK_BYTES;
}

export function nameBytes(name: string): Buffer {
  return Buffer.from(name, "latin1");
}
