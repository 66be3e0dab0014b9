/** Interfaces by name, without waiting for anybody who changes some (ioctl SIOCGIFINDEX, if_nametoindex(3)). */
import { cstr, libc } from "./ffi.ts";

const lib = libc({ if_nametoindex: { args: ["ptr"], returns: "u32" } });

/** The network namespace of the calling thread has an interface of this name, and nobody has begun to take it away. */
export function hasInterface(name: string): boolean {
  return lib().if_nametoindex(cstr(name)) !== 0;
}
