/** Chain ids: the name of a stack of layers, after the OCI image specification. */
import { createHash } from "node:crypto";
import type { Digest } from "./reference.ts";

/** One for each layer given the lowest first: of it and everything below. */
export function chainIds(diffIds: readonly Digest[]): Digest[] {
  const chain: Digest[] = [];
  for (const diffId of diffIds) {
    const below = chain.at(-1);
    chain.push(below === undefined ? diffId : sha256(`${below} ${diffId}`));
  }
  return chain;
}

function sha256(text: string): Digest {
  return `sha256:${createHash("sha256").update(text).digest("hex")}` as Digest;
}
