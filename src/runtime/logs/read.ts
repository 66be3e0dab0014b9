/** Reading a container's log as `docker logs` does: the last lines, a span of time, and what is still to come. */
import { dirname } from "node:path";
import { type Changes, watchChanges } from "./changes.ts";
import { chunkBuffer, inodeOf, type LogFile, openNewer } from "./files.ts";
import { createFormatter } from "./records.ts";

/** A file's time comes from the kernel's coarse clock, and the writer's clock may have been set back a little. */
const CLOCK_SLACK_NS = 1_000_000_000n;

export interface LogsOptions {
  readonly follow: boolean;
  readonly stdout: boolean;
  readonly stderr: boolean;
  /** Unix nanoseconds, inclusive. */
  readonly since: bigint | undefined;
  readonly until: bigint | undefined;
  readonly timestamps: boolean;
  /** The last records of both streams, before anything else is selected (Docker's order). Undefined or negative is all. */
  readonly tail: number | undefined;
}

export interface ReadLogsOptions extends LogsOptions {
  /** The container has a terminal: raw bytes instead of multiplexed ones. */
  readonly tty: boolean;
  /** Nothing is written after this resolved; a following reader reads to the end and stops. */
  readonly ended: Promise<void>;
}

/** Batches of many records. Ends when `signal` aborts. A log that was never written is empty. */
export async function* readLogs(
  path: string,
  options: ReadLogsOptions,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array, void, undefined> {
  const format = createFormatter(options);
  const { follow, ended, since, tail } = options;
  // Watched before the first look, so that nothing falls in between.
  using changes = follow ? watchChanges(dirname(path), ended, signal) : undefined;
  for await (const records of readRecords(path, { since, tail, changes, ended }, signal)) {
    const { bytes, pastEnd } = format(records);
    if (bytes.length > 0) yield bytes;
    if (pastEnd || signal.aborted) return;
  }
}

interface Reading {
  readonly since: bigint | undefined;
  readonly tail: number | undefined;
  /** Undefined reads what is there. */
  readonly changes: Changes | undefined;
  readonly ended: Promise<void>;
}

/** Whole records in order, none twice, none missed unless it was rotated out unread. The memory yielded is used again. */
async function* readRecords(path: string, reading: Reading, signal: AbortSignal): AsyncGenerator<Buffer> {
  const { since, tail, changes, ended } = reading;
  const buffer = chunkBuffer();
  let isOver = changes === undefined;
  const over = (): void => {
    isOver = true;
  };
  void ended.then(over, over);
  await using open = new OpenFiles(await openNewer(path, undefined));
  if (tail !== undefined && tail >= 0) await open.seekTail(tail, buffer);
  else if (since !== undefined) await open.skipBefore(since);
  while (!signal.aborted) {
    // Asked before reading: what is written later than the answer is read in another round.
    const isLast = isOver;
    yield* open.drain(buffer, signal);
    if (await open.advance(path)) continue;
    if (isLast) return;
    await changes?.next();
  }
}

/** The open files from the one being read to the newest. */
class OpenFiles implements AsyncDisposable {
  #files: LogFile[];

  constructor(files: LogFile[]) {
    this.#files = files;
  }

  async seekTail(count: number, buffer: Buffer): Promise<void> {
    let missing = count;
    for (const [fromEnd, file] of this.#files.toReversed().entries()) {
      missing -= await file.seekTail(missing, buffer);
      if (missing > 0) continue;
      await this.#drop(this.#files.length - 1 - fromEnd);
      return;
    }
  }

  /** Files that were complete before this time need not be read; the newest may go on. */
  async skipBefore(since: bigint): Promise<void> {
    const written = await Promise.all(this.#files.map((file) => file.writtenAt()));
    const first = written.findIndex((time) => time + CLOCK_SLACK_NS >= since);
    await this.#drop(first < 0 ? this.#files.length - 1 : first);
  }

  /** Reads every file to its present end and keeps the newest. */
  async *drain(buffer: Buffer, signal: AbortSignal): AsyncGenerator<Buffer> {
    for (let file = this.#files[0]; file !== undefined; file = this.#files[0]) {
      for (let records = await file.next(buffer); records.length > 0; records = await file.next(buffer)) {
        yield records;
        if (signal.aborted) return;
      }
      if (this.#files.length === 1) return;
      await this.#drop(1);
    }
  }

  /** Opens what has been made after a rotation. True when there is more to read: the newest file before is complete then, but perhaps unread. */
  async advance(path: string): Promise<boolean> {
    const newest = this.#files.at(-1)?.inode;
    if (newest !== undefined && newest === (await inodeOf(path))) return false;
    const newer = await openNewer(path, newest);
    this.#files.push(...newer);
    return newer.length > 0;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#drop(this.#files.length);
  }

  async #drop(count: number): Promise<void> {
    for (const file of this.#files.splice(0, count)) await file[Symbol.asyncDispose]();
  }
}
