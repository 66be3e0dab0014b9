/** Blobs of a repository: looked up, mounted from a neighbour, and small ones as a whole. */
import { invalidParameter, systemError } from "../../base/errors.ts";
import { digestOf } from "../digest.ts";
import type { Digest } from "../reference.ts";
import { type Descriptor, MAX_DOCUMENT_BYTES } from "./descriptors.ts";
import type { Repository } from "./repository.ts";
import { locationOf } from "./upload.ts";

/** Throws unless exactly what the descriptor promises comes. */
export async function getDocument(repository: Repository, { digest, size }: Descriptor): Promise<Uint8Array> {
  if (size > MAX_DOCUMENT_BYTES) throw invalidParameter(`${digest} is larger than ${MAX_DOCUMENT_BYTES} bytes`);
  const answer = await repository.call({ method: "GET", target: `blobs/${digest}` });
  const bytes = await answer.bytes(size);
  if (digestOf(bytes) !== digest) throw systemError(`image config verification failed for digest ${digest}`);
  return bytes;
}

export async function hasBlob(repository: Repository, digest: Digest): Promise<boolean> {
  const answer = await repository.call({ method: "HEAD", target: `blobs/${digest}`, accept: [200, 404] });
  await answer.discard();
  return answer.status === 200;
}

/** Asks for a blob of the repository `from` of the same registry; false when the registry would rather have it uploaded. */
export async function mountBlob(target: Repository, digest: Digest, from: string): Promise<boolean> {
  const answer = await target.call({
    method: "POST",
    target: `blobs/uploads/?mount=${encodeURIComponent(digest)}&from=${encodeURIComponent(from)}`,
    scopes: [`repository:${from}:pull`],
    accept: [201, 202, 401, 403, 404],
  });
  await answer.discard();
  // The registry has begun an upload in its place, which nobody needs.
  if (answer.status === 202) await cancel(target, locationOf(answer));
  return answer.status === 201;
}

async function cancel(target: Repository, location: URL): Promise<void> {
  const accept = [200, 204, 404, 405];
  await (await target.call({ method: "DELETE", target: location, accept })).discard();
}

/** Small ones, from memory. */
export async function putDocument(target: Repository, digest: Digest, bytes: Uint8Array): Promise<void> {
  if (await hasBlob(target, digest)) return;
  const begun = await target.call({ method: "POST", target: "blobs/uploads/", accept: [202] });
  await begun.discard();
  const url = new URL(locationOf(begun));
  url.searchParams.append("digest", digest);
  const answer = await target.call({
    method: "PUT",
    target: url,
    headers: { "Content-Type": "application/octet-stream" },
    body: new Uint8Array(bytes),
    accept: [201, 202, 204],
  });
  await answer.discard();
}
