/** Hardware addresses for our interfaces: locally administered, and as constant as what they go with. Pure. */
import { createHash } from "node:crypto";

const LOCALLY_ADMINISTERED = ["02", "42"] as const;

/**
 * The one that goes with an IPv4 address: no neighbour's cache is ever stale. Without one it is made of the address and of
 * `network`, so that it is at least the same for ever.
 */
export function macOf(network: string, address: string | undefined): string {
  const bytes = address?.includes(".") ? address.split(".").map(Number) : hashed(`${network} ${address ?? ""}`);
  return [...LOCALLY_ADMINISTERED, ...bytes.map((byte) => byte.toString(16).padStart(2, "0"))].join(":");
}

const hashed = (text: string): number[] => [...createHash("sha256").update(text).digest().subarray(0, 4)];
