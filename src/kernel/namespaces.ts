/**
 * unshare(2) and setns(2). Both change the calling thread only, so they belong into a worker, or into a block without
 * `await` that enters, works and returns.
 */
import type { OwnedFd } from "./fd.ts";
import { check, libc } from "./ffi.ts";

export const CLONE = {
  NEWNS: 0x00020000,
  NEWCGROUP: 0x02000000,
  NEWUTS: 0x04000000,
  NEWIPC: 0x08000000,
  NEWUSER: 0x10000000,
  NEWPID: 0x20000000,
  NEWNET: 0x40000000,
} as const;

const lib = libc({
  unshare: { args: ["i32"], returns: "i32" },
  setns: { args: ["i32", "i32"], returns: "i32" },
});

/** Moves this thread into new namespaces. */
export function unshare(flags: number): void {
  check("unshare", `flags 0x${flags.toString(16)}`, () => lib().unshare(flags));
}

/** Moves this thread into the namespace that the descriptor refers to, which must be of `type`. */
export function setns(namespace: OwnedFd, type: number): void {
  check("setns", `fd ${namespace.fd}`, () => lib().setns(namespace.fd, type));
}
