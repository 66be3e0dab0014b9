/** The broadcast address that goes with an interface's address. Pure. */
import { broadcastOf, prefixAround } from "../../base/ip-prefix.ts";

/** Undefined for IPv6, and where there is no room for one. */
export function toBroadcast(address: string, prefixLength: number): string | undefined {
  return broadcastOf(prefixAround(address, prefixLength));
}
