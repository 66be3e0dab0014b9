/** Makes vertices: the digest of an operation and all below it. Pure. */
import type { Digest, Vertex } from "../operation.ts";

export type VertexFacts = Pick<Vertex, "operation" | "inputs" | "name"> &
  Partial<Pick<Vertex, "ignoreCache" | "place" | "group">>;

export function createVertex({ operation, inputs, name, ignoreCache = false, place, group }: VertexFacts): Vertex {
  const description = JSON.stringify([operation, inputs.map(({ digest }) => digest), ignoreCache]);
  return { digest: sha256(description), operation, inputs, name, ignoreCache, place, group };
}

export function sha256(text: string): Digest {
  return `sha256:${new Bun.CryptoHasher("sha256").update(text).digest("hex")}`;
}

/** No files at all. */
export const SCRATCH: Vertex = createVertex({ operation: { kind: "merge" }, inputs: [], name: "scratch" });
