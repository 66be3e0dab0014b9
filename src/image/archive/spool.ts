/** Puts an archive that arrives as a body into a file, where its members can be read in any order. */
import { type FileHandle, open } from "node:fs/promises";
import { invalidParameter, systemError } from "../../base/errors.ts";
import type { IncomingBody, LentBody } from "../../base/lent-socket.ts";
import { FileError } from "../../files/threads/file-error.ts";
import type { FileThreads } from "../../files/threads/threads.ts";

export interface SpoolRequest {
  /** Made here. */
  readonly path: string;
  readonly maxBytes: number;
  readonly signal: AbortSignal;
  /** Where a body that can be lent is taken out of its socket. */
  readonly files: Pick<FileThreads, "store">;
  /** Hears how long the file is: 0 once it exists, and more after each write. */
  readonly onWritten?: (bytes: number) => void;
}

/** Away from the event loop as far as it can be. Throws invalidParameter beyond `maxBytes`. */
export async function spool(source: IncomingBody, request: SpoolRequest): Promise<void> {
  const lent = await source.lendBody?.();
  if (lent === undefined) await copy(source.body, request);
  else await store(lent, request);
}

async function store(lent: LentBody, { files, onWritten = () => undefined, ...request }: SpoolRequest): Promise<void> {
  try {
    await files.store(lent, { ...request, onStored: onWritten });
  } catch (error) {
    request.signal.throwIfAborted();
    if (!(error instanceof FileError)) throw error;
    throw error.isArchive ? invalidParameter(error.message) : systemError(error.message);
  }
}

async function copy(source: AsyncIterable<Uint8Array>, request: SpoolRequest): Promise<void> {
  const { path, maxBytes, signal, onWritten = () => undefined } = request;
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
