/** Sockets that may have nothing to give or no room, used in a thread that has no event loop for them. */
import { EAGAIN, SysError } from "./errno.ts";
import { OwnedFd } from "./fd.ts";
import { attempt, check, libc } from "./ffi.ts";
import { O } from "./open-flags.ts";

const MSG_DONTWAIT = 0x40;
const MSG_NOSIGNAL = 0x4000;
const MSG_PEEK = 0x2;
const F_DUPFD_CLOEXEC = 1030;
const F_SETPIPE_SZ = 1031;
const SOL_SOCKET = 1;
const SO_SNDBUF = 7;
const SO_SNDBUFFORCE = 32;
const SPLICE_F_MOVE = 1;
const SPLICE_F_NONBLOCK = 2;
const POLLIN = 1;
const POLLOUT = 4;
const POLLFD_BYTES = 8;

const lib = libc({
  recv: { args: ["i32", "ptr", "u64", "i32"], returns: "i64" },
  send: { args: ["i32", "ptr", "u64", "i32"], returns: "i64" },
  sendfile: { args: ["i32", "i32", "ptr", "u64"], returns: "i64" },
  splice: { args: ["i32", "ptr", "i32", "ptr", "u64", "u32"], returns: "i64" },
  pipe2: { args: ["ptr", "i32"], returns: "i32" },
  setsockopt: { args: ["i32", "i32", "i32", "ptr", "u32"], returns: "i32" },
  fcntl: { args: ["i32", "i32", "i32"], returns: "i32" },
  poll: { args: ["ptr", "u64", "i32"], returns: "i32" },
});

/** Another descriptor of the same open file. */
export function duplicate(fd: number): OwnedFd {
  return new OwnedFd(check("fcntl", `fd ${fd}`, () => lib().fcntl(fd, F_DUPFD_CLOEXEC, 0)));
}

/** Bytes received from a socket, 0 at its end; undefined when there is nothing yet. */
export function receive(fd: number, target: Uint8Array): number | undefined {
  return unlessBusy("recv", fd, () => lib().recv(fd, target, target.length, MSG_DONTWAIT));
}

/** Bytes of `source` that a socket has taken; undefined when it has no room. */
export function send(fd: number, source: Uint8Array): number | undefined {
  return unlessBusy("send", fd, () => lib().send(fd, source, source.length, MSG_DONTWAIT | MSG_NOSIGNAL));
}

/** Bytes of a file, `end` not among them. */
export interface FileRange {
  readonly start: number;
  readonly end: number;
}

/** Bytes of a file that a socket has taken, without a copy of them; 0 at the end of the file. The socket must be one that does not block. */
export function sendFile(fd: number, file: number, { start, end }: FileRange): number | undefined {
  const offset = new BigInt64Array([BigInt(start)]);
  return unlessBusy("sendfile", fd, () => lib().sendfile(fd, file, offset, end - start));
}

/** The first bytes to be received from a socket, which stay there. */
export function peek(fd: number, target: Uint8Array): number | undefined {
  return unlessBusy("recv", fd, () => lib().recv(fd, target, target.length, MSG_DONTWAIT | MSG_PEEK));
}

/** What holds bytes on their way from one file to another, which need not be copied then: pages change hands, splice(2). */
export class Pipe implements Disposable {
  readonly #ends: { readonly read: OwnedFd; readonly write: OwnedFd };

  /** `capacity` in bytes: of what may be in it at a time, or less where the system gives a user no more (pipe(7)). */
  constructor(capacity: number) {
    const ends = new Int32Array(2);
    check("pipe2", "", () => lib().pipe2(ends, O.CLOEXEC));
    this.#ends = { read: new OwnedFd(ends[0] ?? -1), write: new OwnedFd(ends[1] ?? -1) };
    attempt(() => lib().fcntl(this.#ends.write.fd, F_SETPIPE_SZ, capacity));
  }

  /** Bytes taken from a socket, 0 at its end; undefined when there is nothing yet. The pipe must be empty. */
  fill(fd: number, length: number): number | undefined {
    const flags = SPLICE_F_MOVE | SPLICE_F_NONBLOCK;
    return unlessBusy("splice", fd, () => lib().splice(fd, null, this.#ends.write.fd, null, length, flags));
  }

  /** Puts what is in the pipe, `length` bytes, into a file. */
  drain(fd: number, position: number, length: number): void {
    const offset = new BigInt64Array([BigInt(position)]);
    for (let left = length; left > 0; ) {
      left -= check("splice", `fd ${fd}`, () =>
        Number(lib().splice(this.#ends.read.fd, null, fd, offset, left, SPLICE_F_MOVE)),
      );
    }
  }

  [Symbol.dispose](): void {
    this.#ends.read.close();
    this.#ends.write.close();
  }
}

/** Lets a socket hold `bytes` that its peer has not taken, or as many as the system lets those who may not set its limits aside. */
export function widenSendBuffer(fd: number, bytes: number): void {
  const value = new Int32Array([bytes]);
  const set = (option: number): number =>
    attempt(() => lib().setsockopt(fd, SOL_SOCKET, option, value, value.byteLength));
  if (set(SO_SNDBUFFORCE) < 0) set(SO_SNDBUF);
}

function unlessBusy(call: string, fd: number, transfer: () => bigint): number | undefined {
  const result = attempt(() => Number(transfer()));
  if (result >= 0) return result;
  if (-result === EAGAIN) return undefined;
  throw new SysError(call, -result, `fd ${fd}`);
}

export interface Wanted {
  readonly fd: number;
  readonly want: "readable" | "writable";
}

/** Waits until one of them at least is ready, or broken, and says which; none when `timeoutMs` has passed. */
export function poll<W extends Wanted>(wanted: readonly W[], timeoutMs: number): W[] {
  const entries = Buffer.alloc(Math.max(1, wanted.length) * POLLFD_BYTES);
  for (const [index, { fd, want }] of wanted.entries()) {
    entries.writeInt32LE(fd, index * POLLFD_BYTES);
    entries.writeInt16LE(want === "readable" ? POLLIN : POLLOUT, index * POLLFD_BYTES + 4);
  }
  check("poll", `${wanted.length} descriptors`, () => lib().poll(entries, wanted.length, timeoutMs));
  return wanted.filter((_, index) => entries.readInt16LE(index * POLLFD_BYTES + 6) !== 0);
}
