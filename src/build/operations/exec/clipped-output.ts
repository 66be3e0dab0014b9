/** What a step says is kept for those who ask later: like BuildKit, only so much of each of its two streams. */

/** BuildKit's. */
const MAX_BYTES = 2 * 1024 * 1024;
const CLIPPED = Buffer.from("\n[output clipped, log limit 2MiB reached]\n");

/** What is told of each piece that comes; nothing when all was told that is. */
export function createClippedOutput(): (stream: "stdout" | "stderr", bytes: Uint8Array) => Uint8Array | undefined {
  const left = { stdout: MAX_BYTES, stderr: MAX_BYTES };
  return (stream, bytes) => {
    const room = left[stream];
    if (room < 0) return undefined;
    left[stream] = bytes.length > room ? -1 : room - bytes.length;
    return bytes.length > room ? Buffer.concat([bytes.subarray(0, room), CLIPPED]) : bytes;
  };
}
