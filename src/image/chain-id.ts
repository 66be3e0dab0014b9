/** Chain ids: the name of a stack of layers, after the OCI image specification. */
import { digestOf } from "./digest.ts";
import type { Digest } from "./reference.ts";

/** One for each layer given the lowest first: of it and everything below. */
export function chainIds(diffIds: readonly Digest[]): Digest[] {
  const chain: Digest[] = [];
  for (const diffId of diffIds) {
    const below = chain.at(-1);
    chain.push(below === undefined ? diffId : digestOf(`${below} ${diffId}`));
  }
  return chain;
}
