/** Connections to a monitor's socket: one request line, then an answer or a stream. */
import { closeSync, constants, openSync } from "node:fs";
import { join } from "node:path";
import { systemError } from "../../base/errors.ts";
import { connectUnix, type SocketStream } from "../../base/socket-stream.ts";

const SOCKET = "attach.sock";
/** What sockaddr_un holds, its NUL aside. Exec sessions' directories are longer. */
const MAX_PATH_BYTES = 107;
const NEWLINE = 10;

/** Rejects with ENOENT or ECONNREFUSED when no monitor listens in `dir`. */
export async function connectMonitor(dir: string, request: string): Promise<SocketStream> {
  const stream = await connectIn(dir);
  await stream.write(Buffer.from(`${request}\n`));
  return stream;
}

async function connectIn(dir: string): Promise<SocketStream> {
  const path = join(dir, SOCKET);
  if (Buffer.byteLength(path) <= MAX_PATH_BYTES) return connectUnix(path);
  const fd = openSync(dir, constants.O_RDONLY | constants.O_DIRECTORY);
  try {
    return await connectUnix(`/proc/self/fd/${fd}/${SOCKET}`);
  } finally {
    closeSync(fd);
  }
}

/** Reads the answer's line and leaves the rest unread. Throws what the monitor says is wrong. */
export async function expectOk(stream: SocketStream): Promise<void> {
  const chunks: Uint8Array[] = [];
  const reader = stream.readable[Symbol.asyncIterator]();
  for (;;) {
    const { value: chunk } = await reader.next();
    if (chunk === undefined) throw systemError("the monitor has ended");
    const end = chunk.indexOf(NEWLINE);
    chunks.push(end < 0 ? chunk : chunk.subarray(0, end));
    if (end < 0) continue;
    stream.unread(chunk.subarray(end + 1));
    break;
  }
  const answer = Buffer.concat(chunks).toString();
  if (answer !== "ok") throw systemError(answer.replace(/^error /, ""));
}
