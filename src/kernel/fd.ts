/** A file descriptor with an owner: closed exactly once, at the latest at the end of its `using` block. */
import { close } from "node:fs";
import { libc } from "./ffi.ts";

const lib = libc({ close: { args: ["i32"], returns: "i32" } });

export class OwnedFd {
  readonly fd: number;
  #open = true;

  constructor(fd: number) {
    this.fd = fd;
  }

  /** A path that leads to the open file itself, whatever has been renamed or mounted since; for this process only. */
  get procPath(): string {
    return `/proc/self/fd/${this.fd}`;
  }

  /** Idempotent. An error is not an event: the descriptor is gone in any case, close(2). */
  close(): void {
    if (!this.#open) return;
    this.#open = false;
    lib().close(this.fd);
  }

  /** Closes it on the thread pool: for descriptors whose end is work, such as a mount's. */
  closeLater(): Promise<void> {
    if (!this.#open) return Promise.resolve();
    this.#open = false;
    return new Promise((resolve) => close(this.fd, () => resolve()));
  }

  [Symbol.dispose](): void {
    this.close();
  }
}
