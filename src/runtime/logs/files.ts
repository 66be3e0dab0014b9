/**
 * The files of one log: `path`, and what was rotated away as `path.1`, `path.2` … An open file keeps its identity (inode) through all
 * renames, so a reader knows where it stands however often the writer rotates meanwhile (native/protocol.md, "Log").
 */
import { type FileHandle, open, stat } from "node:fs/promises";
import { hasCode } from "../../base/errors.ts";
import { NEWLINE } from "./records.ts";

const CHUNK_BYTES = 256 * 1024;

export class LogFile implements AsyncDisposable {
  readonly inode: bigint;
  /** Where the next record begins. */
  offset = 0;
  readonly #handle: FileHandle;

  private constructor(handle: FileHandle, inode: bigint) {
    this.#handle = handle;
    this.inode = inode;
  }

  /** Undefined when there is none of that name. */
  static async open(path: string): Promise<LogFile | undefined> {
    try {
      const handle = await open(path, "r");
      const { ino } = await handle.stat({ bigint: true });
      return new LogFile(handle, ino);
    } catch (error) {
      if (hasCode(error, "ENOENT")) return undefined;
      throw error;
    }
  }

  /** The next whole records, in `buffer`'s memory; empty at the end for now. */
  async next(buffer: Buffer): Promise<Buffer> {
    const { bytesRead } = await this.#handle.read(buffer, 0, buffer.length, this.offset);
    const end = bytesRead === 0 ? 0 : buffer.lastIndexOf(NEWLINE, bytesRead - 1) + 1;
    // No record is this long: whatever it is, it is passed over.
    if (end === 0 && bytesRead === buffer.length) {
      this.offset += bytesRead;
      return this.next(buffer);
    }
    this.offset += end;
    if (bytesRead === 0) await this.#startOverIfTruncated();
    return buffer.subarray(0, end);
  }

  /** Goes to the last `count` records. Returns how many there are, at most `count`. */
  async seekTail(count: number, buffer: Buffer): Promise<number> {
    let found = -1; // The newline that ends the last record begins none.
    let end = (await this.#handle.stat()).size;
    while (end > 0) {
      const start = Math.max(0, end - buffer.length);
      const { bytesRead } = await this.#handle.read(buffer, 0, end - start, start);
      for (let at = bytesRead; at > 0; ) {
        at = buffer.lastIndexOf(NEWLINE, at - 1);
        if (at < 0) break;
        found++;
        if (found === count) {
          this.offset = start + at + 1;
          return count;
        }
      }
      end = start;
    }
    this.offset = 0;
    return found + 1;
  }

  /** Unix nanoseconds of the last write. */
  async writtenAt(): Promise<bigint> {
    return (await this.#handle.stat({ bigint: true })).mtimeNs;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#handle.close();
  }

  /** Somebody else's doing; the monitor never shortens what has been read. */
  async #startOverIfTruncated(): Promise<void> {
    const { size } = await this.#handle.stat();
    if (size < this.offset) this.offset = 0;
  }
}

/** Undefined while nothing has that name. */
export async function inodeOf(path: string): Promise<bigint | undefined> {
  try {
    return (await stat(path, { bigint: true })).ino;
  } catch (error) {
    if (hasCode(error, "ENOENT")) return undefined;
    throw error;
  }
}

export const chunkBuffer = (): Buffer => Buffer.allocUnsafe(CHUNK_BYTES);

/**
 * Opens the log's files that are newer than the one of inode `after` (all when undefined or rotated out by now), oldest first. A walk
 * during which the newest name came to another file is made again: two rotations in it would have mixed up the order.
 */
export async function openNewer(path: string, after: bigint | undefined): Promise<LogFile[]> {
  for (;;) {
    const newest = await inodeOf(path);
    const files = await walk(path, after);
    if (newest === (await inodeOf(path))) return files;
    for (const file of files) await file[Symbol.asyncDispose]();
  }
}

/** From new to old, against the direction in which the writer renames: a file can be met twice then, but not missed. */
async function walk(path: string, after: bigint | undefined): Promise<LogFile[]> {
  const files: LogFile[] = [];
  let missing = 0;
  // Renaming leaves one name free at a time, so two in a row are the end; the newest name is not counted.
  for (let number = 0; missing < 2; number++) {
    const file = await LogFile.open(number === 0 ? path : `${path}.${number}`);
    if (file === undefined) {
      if (number > 0) missing++;
      continue;
    }
    missing = 0;
    const isKnown = file.inode === after;
    if (isKnown || files.some(({ inode }) => inode === file.inode)) await file[Symbol.asyncDispose]();
    else files.unshift(file);
    if (isKnown) break;
  }
  return files;
}
