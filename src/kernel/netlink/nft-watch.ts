/**
 * Tells when somebody has changed nftables on this machine, by the kernel's own announcements. Elements of sets come and go all the
 * time and are nobody's business here, so a filter in the kernel keeps those away.
 */
import { ptr } from "bun:ffi";
import { OwnedFd } from "../fd.ts";
import { check, libc } from "../ffi.ts";
import { MSG } from "./nft.ts";
import { NETLINK } from "./socket.ts";

const AF_NETLINK = 16;
const SOCK_RAW_CLOEXEC_NONBLOCK = 3 | 0o2000000 | 0o4000;
const NFNLGRP_NFTABLES = 7;
const SOL_SOCKET = 1;
const SO_ATTACH_FILTER = 26;
const SOL_NETLINK = 270;
/** What does not fit is forgotten in silence: what did fit has woken us already. */
const NETLINK_NO_ENOBUFS = 5;

const lib = libc({
  socket: { args: ["i32", "i32", "i32"], returns: "i32" },
  bind: { args: ["i32", "ptr", "u32"], returns: "i32" },
  setsockopt: { args: ["i32", "i32", "i32", "ptr", "u32"], returns: "i32" },
});

export class NftablesWatch {
  readonly #socket = openSocket();
  readonly #reader = Bun.file(this.#socket.fd).stream().getReader();

  /** `onChange` is called once for changes that were announced together, sometimes once too often. It must not throw. */
  constructor(onChange: () => void) {
    void this.#follow(onChange);
  }

  /** Idempotent. */
  close(): void {
    void this.#reader.cancel();
    this.#socket.close();
  }

  async #follow(onChange: () => void): Promise<void> {
    while (!(await this.#reader.read()).done) onChange();
  }
}

function openSocket(): OwnedFd {
  const socket = new OwnedFd(
    check("socket", "nftables", () => lib().socket(AF_NETLINK, SOCK_RAW_CLOEXEC_NONBLOCK, NETLINK.NETFILTER)),
  );
  const set = (level: number, option: number, value: Uint8Array): void => {
    check("setsockopt", "nftables", () => lib().setsockopt(socket.fd, level, option, value, value.length));
  };
  const filter = unwanted(MSG.NEWSETELEM, MSG.DELSETELEM, MSG.NEWGEN);
  set(SOL_NETLINK, NETLINK_NO_ENOBUFS, Uint8Array.of(1, 0, 0, 0));
  set(SOL_SOCKET, SO_ATTACH_FILTER, toProgram(filter));
  const address = Buffer.alloc(12);
  address.writeUInt16LE(AF_NETLINK, 0);
  address.writeUInt32LE(1 << (NFNLGRP_NFTABLES - 1), 8);
  check("bind", "nftables", () => lib().bind(socket.fd, address, address.length));
  return socket;
}

/** struct sock_filter: loads the message's type without its subsystem, and lets pass what is none of `types`. */
function unwanted(...types: readonly number[]): Buffer {
  const [LOAD_BYTE, JUMP_IF_EQUAL, RETURN] = [0x30, 0x15, 0x06];
  const TYPE_OFFSET = 4;
  const jumps = types.map((type, index) => instruction(JUMP_IF_EQUAL, type, types.length - index));
  return Buffer.concat([
    instruction(LOAD_BYTE, TYPE_OFFSET),
    ...jumps,
    instruction(RETURN, 0xffffffff),
    instruction(RETURN, 0),
  ]);
}

function instruction(code: number, operand: number, jumpIfTrue = 0): Buffer {
  const out = Buffer.alloc(8);
  out.writeUInt16LE(code, 0);
  out[2] = jumpIfTrue;
  out.writeUInt32LE(operand, 4);
  return out;
}

/** struct sock_fprog; the kernel copies what it points to. */
function toProgram(filter: Buffer): Buffer {
  const out = Buffer.alloc(16);
  out.writeUInt16LE(filter.length / 8, 0);
  out.writeBigUInt64LE(BigInt(ptr(filter)), 8);
  return out;
}
