/** The key sequence that leaves an attached terminal without ending the process (ctrl-p,ctrl-q unless told otherwise). */
import { invalidParameter } from "../../base/errors.ts";

const DEFAULT_SEQUENCE = "ctrl-p,ctrl-q";
const CONTROL_SYMBOLS: Readonly<Record<string, number>> = { "@": 0, "[": 27, "\\": 28, "]": 29, "^": 30, _: 31 };

/** Bytes of "ctrl-p,ctrl-q", "a,b" or "DEL" (moby/term ToBytes); "" is the default. Throws invalidParameter, with moby's noun. */
export function parseDetachKeys(text: string, noun: "detach" | "escape" = "detach"): Uint8Array {
  const keys = (text || DEFAULT_SEQUENCE).split(",").map((key) => {
    const byte = keyByte(key);
    if (byte === undefined) throw invalidParameter(`Invalid ${noun} keys (${text}) provided`);
    return byte;
  });
  return Uint8Array.from(keys);
}

function keyByte(key: string): number | undefined {
  if (key === "DEL") return 127;
  if (key.length === 1) return key.charCodeAt(0);
  const control = /^ctrl-(.)$/.exec(key)?.[1];
  if (control === undefined) return undefined;
  return /[a-z]/.test(control) ? control.charCodeAt(0) - 96 : CONTROL_SYMBOLS[control];
}

export interface Scanned {
  /** What may be passed on; a possible beginning of the sequence is held back. */
  readonly pass: Uint8Array;
  readonly detached: boolean;
}

/** Finds the sequence across chunks. Bytes before it pass, bytes after it are dropped. */
export function createDetachScanner(keys: Uint8Array): (chunk: Uint8Array) => Scanned {
  let matched = 0;
  return (chunk) => {
    const pass: number[] = [];
    for (const byte of chunk) {
      if (byte === keys[matched]) {
        matched += 1;
        if (matched === keys.length) return { pass: Uint8Array.from(pass), detached: true };
        continue;
      }
      pass.push(...keys.subarray(0, matched));
      matched = byte === keys[0] ? 1 : 0;
      if (matched === 0) pass.push(byte);
    }
    return { pass: Uint8Array.from(pass), detached: false };
  };
}
