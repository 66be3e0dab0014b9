/** SHA-256 in the OCI's spelling. */
import type { Digest } from "./reference.ts";

/** Of text, its UTF-8 bytes are meant. */
export function digestOf(content: string | Uint8Array): Digest {
  return `sha256:${new Bun.CryptoHasher("sha256").update(content).digest("hex")}` as Digest;
}
