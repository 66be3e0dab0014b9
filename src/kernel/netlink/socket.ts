/**
 * A synchronous netlink socket. It works on the network namespace that its thread was in when it was opened, wherever
 * the thread goes afterwards; the kernel carries a request out before sendto(2) returns, so no call waits for anybody.
 */
import { EAGAIN, SysError } from "../errno.ts";
import { OwnedFd } from "../fd.ts";
import { check, libc } from "../ffi.ts";
import { decodeMessages, encodeMessage, type Message, NLM_F, outcome, type Request } from "./message.ts";

const AF_NETLINK = 16;
const SOCK_RAW_CLOEXEC = 3 | 0o2000000;
export const NETLINK = { ROUTE: 0, NETFILTER: 12 } as const;
const SOL_SOCKET = 1;
const SO_SNDBUFFORCE = 32;
/** What a socket takes at once as it is made; more has to be allowed. */
const SMALL_SEND_BYTES = 64 * 1024;
const RECEIVE_BYTES = 64 * 1024;
const DUMP_ATTEMPTS = 8;

const lib = libc({
  socket: { args: ["i32", "i32", "i32"], returns: "i32" },
  send: { args: ["i32", "ptr", "u64", "i32"], returns: "i32" },
  recv: { args: ["i32", "ptr", "u64", "i32"], returns: "i32" },
  setsockopt: { args: ["i32", "i32", "i32", "ptr", "u32"], returns: "i32" },
});

export class NetlinkSocket {
  readonly #socket: OwnedFd;
  readonly #buffer = Buffer.allocUnsafe(RECEIVE_BYTES);
  #seq = 0;

  constructor(protocol: number = NETLINK.ROUTE) {
    this.#socket = new OwnedFd(check("socket", "netlink", () => lib().socket(AF_NETLINK, SOCK_RAW_CLOEXEC, protocol)));
  }

  /** Carries the requests out in order, with one system call; every one is tried. Throws the first's SysError. */
  send(...requests: readonly Request[]): void {
    const first = this.#seq + 1;
    this.#transmit(requests, NLM_F.REQUEST | NLM_F.ACK);
    const failures = requests.map((request, index) => ({ request, errno: this.#answers(first + index).errno }));
    const failed = failures.find(({ errno }) => errno !== 0);
    if (failed !== undefined) throw new SysError("netlink", failed.errno, failed.request.subject);
  }

  /**
   * Carries out nfnetlink requests between `begin` and `end` as one transaction, all of them or none. Throws the SysError
   * of the first that was refused.
   */
  transact(begin: Request, requests: readonly Request[], end: Request): void {
    const subjects = [begin, ...requests].map(({ subject }) => subject);
    const last = requests.length;
    const first = this.#seq + 1;
    // One answer is enough: the kernel reports what it refuses in any case, and many answers would not fit the socket.
    const framed = [begin, ...requests, end].map((request, index) =>
      index === last ? { ...request, flags: request.flags | NLM_F.ACK } : request,
    );
    this.#transmit(framed, NLM_F.REQUEST);
    let failure: SysError | undefined;
    for (;;) {
      for (const message of this.#receive()) {
        const index = message.seq - first;
        const errno = outcome(message);
        if (index < 0 || errno === undefined) continue;
        if (errno !== 0) failure ??= new SysError("netlink", errno, subjects[index] ?? "");
        // A refusal of the whole is told of its beginning.
        if (index !== last && (index !== 0 || errno === 0)) continue;
        if (failure !== undefined) throw failure;
        return;
      }
    }
  }

  /** The answers to a request for one thing. */
  query(request: Request): Message[] {
    this.#transmit([request], NLM_F.REQUEST | NLM_F.ACK);
    return this.#finish(request);
  }

  /** All answers to a request for a listing. One that changed under way (NLM_F_DUMP_INTR) is asked for again. */
  dump(request: Request): Message[] {
    for (let attempt = 1; ; attempt++) {
      this.#transmit([request], NLM_F.REQUEST | NLM_F.DUMP);
      const messages = this.#finish(request);
      if (!messages.some(({ flags }) => flags & NLM_F.DUMP_INTR)) return messages;
      if (attempt === DUMP_ATTEMPTS)
        throw new SysError("netlink", EAGAIN, request.subject, "changed while it was read");
    }
  }

  close(): void {
    this.#socket.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  #transmit(requests: readonly Request[], flags: number): void {
    const frames = requests.map((request) => encodeMessage({ ...request, flags: request.flags | flags }, ++this.#seq));
    const bytes = Buffer.concat(frames);
    if (bytes.length > SMALL_SEND_BYTES) this.#allow(bytes.length);
    const subject = requests.map((request) => request.subject).join(", ");
    check("send", subject, () => lib().send(this.#socket.fd, bytes, bytes.length, 0));
  }

  #allow(bytes: number): void {
    const size = Int32Array.of(bytes);
    check("setsockopt", "netlink", () =>
      lib().setsockopt(this.#socket.fd, SOL_SOCKET, SO_SNDBUFFORCE, size, size.byteLength),
    );
  }

  #finish({ subject }: Request): Message[] {
    const { messages, errno } = this.#answers(this.#seq);
    if (errno !== 0) throw new SysError("netlink", errno, subject);
    return messages;
  }

  /** Reads up to the message that ends this request. */
  #answers(seq: number): { messages: Message[]; errno: number } {
    const messages: Message[] = [];
    for (;;) {
      for (const message of this.#receive()) {
        if (message.seq !== seq) continue;
        const errno = outcome(message);
        if (errno !== undefined) return { messages, errno };
        messages.push(message);
      }
    }
  }

  /** One datagram, copied out of the buffer that the next one takes. */
  #receive(): Message[] {
    const length = check("recv", "netlink", () => lib().recv(this.#socket.fd, this.#buffer, this.#buffer.length, 0));
    return decodeMessages(Buffer.from(this.#buffer.subarray(0, length)));
  }
}
