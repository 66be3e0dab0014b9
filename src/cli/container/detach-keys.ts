/** Watches what is typed for the key sequence that leaves a container running and goes away (moby's term.EscapeProxy). */
import { CommandError } from "../errors.ts";

const DEFAULT_KEYS = "ctrl-p,ctrl-q";
/** "ctrl-@" is 0, "ctrl-a" 1, … */
const CONTROL_KEYS = "@abcdefghijklmnopqrstuvwxyz[\\]^_";

/** The bytes of "ctrl-p,ctrl-q" or "a,b". Throws CommandError for keys there are none of. */
export function parseDetachKeys(keys: string): Uint8Array {
  return Uint8Array.from((keys || DEFAULT_KEYS).split(","), (key) => {
    if (key.length === 1) return key.charCodeAt(0);
    if (key.toLowerCase() === "del") return 127;
    const control = /^ctrl-(.)$/i.exec(key)?.[1]?.toLowerCase();
    const code = control === undefined ? -1 : CONTROL_KEYS.indexOf(control);
    if (code < 0) throw new CommandError(`invalid detach keys (${keys}): unknown key '${key}'`);
    return code;
  });
}

export interface Typed {
  /** What goes on to the container. */
  readonly bytes: Uint8Array;
  /** The sequence is complete: nothing after it counts. */
  readonly detached: boolean;
}

/** Holds back what may be the beginning of the sequence until it is known. */
export class DetachScanner {
  readonly #keys: Uint8Array;
  #matched = 0;

  constructor(keys: Uint8Array) {
    this.#keys = keys;
  }

  feed(chunk: Uint8Array): Typed {
    const passed: number[] = [];
    for (const byte of chunk) {
      if (byte !== this.#keys[this.#matched]) {
        passed.push(...this.#keys.subarray(0, this.#matched));
        this.#matched = 0;
      }
      if (byte !== this.#keys[this.#matched]) passed.push(byte);
      else if (++this.#matched === this.#keys.length) return { bytes: Uint8Array.from(passed), detached: true };
    }
    return { bytes: Uint8Array.from(passed), detached: false };
  }
}
