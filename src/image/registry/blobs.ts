/** Small blobs, as a whole and verified: configurations. */
import { invalidParameter, systemError } from "../../base/errors.ts";
import { digestOf } from "../digest.ts";
import { type Descriptor, MAX_DOCUMENT_BYTES } from "./descriptors.ts";
import type { Repository } from "./repository.ts";

/** Throws unless exactly what the descriptor promises comes. */
export async function getDocument(repository: Repository, { digest, size }: Descriptor): Promise<Uint8Array> {
  if (size > MAX_DOCUMENT_BYTES) throw invalidParameter(`${digest} is larger than ${MAX_DOCUMENT_BYTES} bytes`);
  const answer = await repository.call({ method: "GET", target: `blobs/${digest}` });
  const bytes = await answer.bytes(size);
  const got = digestOf(bytes);
  if (got !== digest) throw systemError(`image config verification failed for digest ${digest}`);
  return bytes;
}
