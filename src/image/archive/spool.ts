/** Puts an archive that arrives as a stream into a file, where its members can be read in any order. */
import { type FileHandle, open } from "node:fs/promises";
import { invalidParameter } from "../../base/errors.ts";

export interface SpoolBounds {
  readonly maxBytes: number;
  readonly signal: AbortSignal;
  /** Hears how long the file is: 0 once it exists, and more after each write. */
  readonly onWritten?: (bytes: number) => void;
}

/** Writes `source` to a new file at `path`, on the thread pool. Throws invalidParameter beyond `maxBytes`. */
export async function spool(source: AsyncIterable<Uint8Array>, path: string, bounds: SpoolBounds): Promise<void> {
  const { maxBytes, signal, onWritten = () => undefined } = bounds;
  await using file = await open(path, "wx", 0o600);
  let total = 0;
  onWritten(total);
  for await (const chunk of source) {
    signal.throwIfAborted();
    total += chunk.length;
    if (total > maxBytes) throw invalidParameter(`archive is larger than ${maxBytes} bytes`);
    await writeAll(file, chunk);
    onWritten(total);
  }
}

async function writeAll(file: FileHandle, chunk: Uint8Array): Promise<void> {
  for (let at = 0; at < chunk.length; ) at += (await file.write(chunk, at)).bytesWritten;
}
