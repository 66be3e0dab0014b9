/** The bridge to libc: lazily bound functions, C strings, and calls whose failure becomes a SysError. Importing it binds nothing. */
import { dlopen, type FFIFunction, type Library, type Pointer, read } from "bun:ffi";
import { EINTR, EINVAL, SysError } from "./errno.ts";

const LIBC = "libc.so.6";

/** Binds functions of libc at the first use of the returned accessor, about 20 us each. */
export function libc<const S extends Record<string, FFIFunction>>(symbols: S): () => Library<S>["symbols"] {
  let bound: Library<S>["symbols"] | undefined;
  return () => {
    bound ??= dlopen(LIBC, symbols).symbols;
    return bound;
  };
}

const errnoSymbols = libc({ __errno_location: { args: [], returns: "ptr" } });
let errnoAt: Pointer | bigint | null | undefined;

/**
 * This thread's errno, to be read right after the failed call. Every worker has its own instance of this module, and so
 * its own address.
 */
function errno(): number {
  errnoAt ??= errnoSymbols().__errno_location();
  return errnoAt === null ? EINVAL : read.i32(errnoAt, 0);
}

/**
 * Runs a call that returns -1 on failure; repeats it on EINTR. Throws SysError, which says what the call was about. Never for
 * close(2).
 */
export function check(syscall: string, subject: string | Uint8Array, call: () => number): number {
  const result = attempt(call);
  if (result >= 0) return result;
  throw new SysError(syscall, -result, printable(subject));
}

/** The same without throwing: what the call returns, or its negative error number. For failures that are nothing special. */
export function attempt(call: () => number): number {
  for (;;) {
    const result = call();
    if (result !== -1) return result;
    const error = errno();
    if (error !== EINTR) return -error;
  }
}

/** Bytes with the closing NUL. A NUL inside would cut the name short, so it is refused (EINVAL). */
export function cstr(text: string | Uint8Array): Buffer {
  const isString = typeof text === "string";
  if (isString ? text.includes("\0") : text.includes(0)) {
    throw new SysError("cstr", EINVAL, printable(text), "contains a NUL byte");
  }
  const length = isString ? Buffer.byteLength(text) : text.length;
  const out = Buffer.allocUnsafe(length + 1);
  if (isString) out.write(text);
  else out.set(text);
  out[length] = 0;
  return out;
}

/** PATH_MAX, with the NUL. */
const shared = Buffer.alloc(4096);
/** Of a character, in UTF-8. */
const MAX_BYTES = 3;

/** The same in memory that is used again by the next call, for names that are told once for each of many files. */
export function briefCstr(text: string | Uint8Array): Buffer {
  if (text.length * MAX_BYTES >= shared.length) return cstr(text);
  if (typeof text !== "string") shared.set(text);
  const length = typeof text === "string" ? shared.write(text) : text.length;
  shared[length] = 0;
  // A NUL inside is for cstr to refuse.
  return shared.indexOf(0) === length ? shared : cstr(text);
}

/** For messages only: names may be any bytes. */
export function printable(text: string | Uint8Array): string {
  return typeof text === "string" ? text : Buffer.from(text).toString();
}
