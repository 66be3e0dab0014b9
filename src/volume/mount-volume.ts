/** Mounts what the options of a volume ask for. Blocks for as long as a server takes to answer: for a worker. */
import { SysError } from "../kernel/errno.ts";
import { MS, mount } from "../kernel/mounts.ts";
import { parseMountWords } from "./mount-words.ts";
import type { WantedMount } from "./options.ts";

/** Of a CIFS server: not for a client's eyes, nor for the log. */
const SECRET = /\b(password2?|pass)=[^,]*/g;

/** Throws with Docker's words ("mount <device>:<target>, flags: 0x1000: no such file or directory"). */
export function mountVolume({ type, device, words }: WantedMount, target: string): void {
  const { flags, propagation, data } = parseMountWords(words);
  try {
    mount({ source: device, target, type, flags, data });
    if (propagation !== 0) mount({ target, flags: propagation });
    // A bind takes no other flags at first, mount(2).
    const isReadOnlyBind = (flags & MS.BIND) !== 0 && (flags & MS.RDONLY) !== 0;
    if (isReadOnlyBind) mount({ target, flags: flags | MS.REMOUNT });
  } catch (error) {
    if (!(error instanceof SysError)) throw error;
    const details = [
      `mount ${device}:${target}`,
      ...(flags === 0 ? [] : [`flags: 0x${flags.toString(16)}`]),
      ...(data === "" ? [] : [`data: ${data.replace(SECRET, "$1=…")}`]),
    ];
    throw new Error(`${details.join(", ")}: ${error.meaning}`, { cause: error });
  }
}
