/** What a control group has read from and written to block devices, in either version's words. Pure. */

export interface IoBytes {
  readonly major: number;
  readonly minor: number;
  readonly op: "read" | "write";
  readonly bytes: number;
}

/** blkio.throttle.io_service_bytes_recursive of version 1: "254:0 Read 4096", one line an operation. */
export function ioOfV1(text: string): IoBytes[] {
  return [...text.matchAll(/^(\d+):(\d+) (Read|Write) (\d+)$/gm)].map(([, major, minor, op, bytes]) => ({
    major: Number(major),
    minor: Number(minor),
    op: op === "Read" ? "read" : "write",
    bytes: Number(bytes),
  }));
}

/** io.stat of version 2: "254:0 rbytes=4096 wbytes=0 rios=1 …", one line a device. */
export function ioOfV2(text: string): IoBytes[] {
  return [...text.matchAll(/^(\d+):(\d+) .*\brbytes=(\d+) wbytes=(\d+)/gm)].flatMap(([, major, minor, read, write]) => {
    const device = { major: Number(major), minor: Number(minor) };
    return [
      { ...device, op: "read", bytes: Number(read) },
      { ...device, op: "write", bytes: Number(write) },
    ];
  });
}
