/** Manifests of a repository: looked up, fetched and verified, put, deleted; tags listed. */
import { notFound, systemError } from "../../base/errors.ts";
import { string, strings, struct } from "../../wire/decode/primitives.ts";
import { parseJson } from "../../wire/json.ts";
import { decodeUtf8 } from "../archive/contents.ts";
import { type StoredDocument, toDocument } from "../content.ts";
import { type Digest, isDigest } from "../reference.ts";
import { ACCEPTED, bareType } from "./media-types.ts";
import type { Repository } from "./repository.ts";

/** containerd's and Docker's bound; registries refuse larger ones too. */
const MAX_MANIFEST_BYTES: number = 4 * 1024 * 1024;
const MAX_TAG_PAGE_BYTES = 16 * 1024 * 1024;
const MAX_TAGS = 100_000;

/** The digest behind a tag, without fetching what it is of; undefined when the registry does not say. Throws when there is none. */
export async function headManifest(repository: Repository, reference: string): Promise<Digest | undefined> {
  const answer = await repository.call({
    method: "HEAD",
    target: `manifests/${reference}`,
    headers: { Accept: ACCEPTED },
  });
  await answer.discard();
  const digest = answer.headers.get("docker-content-digest") ?? "";
  return isDigest(digest) ? digest : undefined;
}

/** By tag or digest. What came must be what the digest is of, whoever named the digest: the caller or the registry. */
export async function getManifest(repository: Repository, reference: string): Promise<StoredDocument> {
  const answer = await repository.call({
    method: "GET",
    target: `manifests/${reference}`,
    headers: { Accept: ACCEPTED },
  });
  const bytes = await answer.bytes(MAX_MANIFEST_BYTES);
  const document = toDocument(typeOf(answer.headers.get("content-type"), bytes), bytes);
  const promised = isDigest(reference) ? reference : answer.headers.get("docker-content-digest");
  if (promised !== null && promised !== document.digest) {
    throw systemError(
      `manifest verification failed for digest ${promised}: the registry sent ${document.digest} in its place`,
    );
  }
  return document;
}

/** What the registry calls it; registries that do not know say something general, and then the document itself is asked. */
function typeOf(header: string | null, bytes: Uint8Array): string {
  const type = bareType(header);
  if (type !== "" && type !== "application/json" && type !== "text/plain" && type !== "application/octet-stream") {
    return type;
  }
  const parsed = parseJson(decodeUtf8(bytes));
  const named = typeof parsed === "object" && parsed !== null && "mediaType" in parsed ? parsed.mediaType : undefined;
  return typeof named === "string" ? named : "";
}

/** The reference is a tag, or the document's own digest. */
export async function putManifest(repository: Repository, reference: string, document: StoredDocument): Promise<void> {
  const answer = await repository.call({
    method: "PUT",
    target: `manifests/${reference}`,
    headers: { "Content-Type": document.mediaType },
    body: new Uint8Array(document.bytes),
  });
  await answer.discard();
  const stored = answer.headers.get("docker-content-digest");
  if (stored !== null && stored !== document.digest) {
    throw systemError(`the registry stored the manifest ${document.digest} as ${stored}`);
  }
}

export async function hasManifest(repository: Repository, digest: Digest): Promise<boolean> {
  const answer = await repository.call({
    method: "HEAD",
    target: `manifests/${digest}`,
    headers: { Accept: ACCEPTED },
    accept: [200, 404],
  });
  await answer.discard();
  return answer.status === 200;
}

const decodeTags = struct("tagsResponse", () => ({ name: "", tags: new Array<string>() }), {
  name: string,
  tags: strings,
});

/** All of them, page by page. Throws notFound for a repository without any. */
export async function listTags(repository: Repository): Promise<string[]> {
  const tags: string[] = [];
  for (let last: string | undefined = ""; last !== undefined; ) {
    const query: string = last === "" ? "" : `?last=${encodeURIComponent(last)}`;
    const answer = await repository.call({ method: "GET", target: `tags/list${query}` });
    const page = decodeTags(parseJson(decodeUtf8(await answer.bytes(MAX_TAG_PAGE_BYTES))) ?? {}, "tags").tags;
    tags.push(...page);
    const next = /<[^>]*>\s*;\s*rel="?next"?/.test(answer.headers.get("link") ?? "");
    const newest = page.at(-1);
    // A page that does not go on would be asked for for ever.
    last = next && newest !== undefined && newest !== last && tags.length < MAX_TAGS ? newest : undefined;
  }
  if (tags.length === 0) throw notFound(`no tags in repository ${repository.path}`);
  return tags;
}
