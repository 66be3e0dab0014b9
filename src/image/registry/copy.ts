/** Images from repository to repository, whatever they are and for all platforms, without being stored here on their way. */
import { notFound, systemError } from "../../base/errors.ts";
import { shortId } from "../../base/ids.ts";
import { Slots } from "../../base/slots.ts";
import { platformText } from "../../wire/platform.ts";
import type { StoredDocument } from "../content.ts";
import type { Platform } from "../platform.ts";
import type { Report } from "../progress.ts";
import type { Digest } from "../reference.ts";
import { hasBlob, mountBlob } from "./blobs.ts";
import { choosePlatform, type Descriptor, readManifest } from "./descriptors.ts";
import { getManifest, hasManifest, putManifest } from "./manifests.ts";
import { countLine, statusLine, throttled } from "./progress-lines.ts";
import { RegistryError } from "./registry-error.ts";
import type { Repository } from "./repository.ts";
import { retrying } from "./retry.ts";
import { locationOf } from "./upload.ts";

export interface Copying {
  readonly source: Repository;
  readonly target: Repository;
  /** Of one registry: blobs can be mounted across. */
  readonly isNeighbour: boolean;
  readonly report: Report;
  readonly firstPauseMs: number;
  readonly signal: AbortSignal;
}

const CONCURRENT = 4;
const ATTEMPTS = 5;
const PROGRESS_EVERY_MS = 100;
const MAX_DEPTH = 4;

/** Copies what `document` leads to, then itself under `name`, a tag or its digest. Returns what was put. */
export async function copyDocument(copying: Copying, document: StoredDocument, name: string): Promise<StoredDocument> {
  await copyContent(copying, document, 0);
  await putManifest(copying.target, name, document);
  return document;
}

/** Of an index, the part for one platform. Throws notFound when it has none. */
export async function choose(source: Repository, document: StoredDocument, wanted: Platform): Promise<StoredDocument> {
  const manifest = readManifest(document);
  if (manifest.kind === "image") return document;
  const chosen = choosePlatform(manifest, wanted);
  if (chosen === undefined) {
    throw notFound(`no matching manifest for ${platformText(wanted)} in the manifest list entries`);
  }
  return choose(source, await getManifest(source, chosen.digest), wanted);
}

async function copyContent(copying: Copying, document: StoredDocument, depth: number): Promise<void> {
  const manifest = readManifest(document);
  if (manifest.kind === "image") return copyBlobs(copying, [...manifest.layers, manifest.config]);
  if (depth >= MAX_DEPTH) throw systemError("image indexes are nested too deeply");
  for (const { digest } of manifest.manifests) {
    const isThere = await hasManifest(copying.target, digest);
    if (isThere) continue;
    const child = await getManifest(copying.source, digest);
    await copyContent(copying, child, depth + 1);
    await putManifest(copying.target, digest, child);
  }
}

async function copyBlobs(copying: Copying, blobs: readonly Descriptor[]): Promise<void> {
  const slots = new Slots(CONCURRENT);
  const failed = new AbortController();
  const signal = AbortSignal.any([copying.signal, failed.signal]);
  const unique = [...new Map(blobs.map((blob) => [blob.digest, blob])).values()];
  const running = unique.map(async (blob) => {
    using _slot = await slots.acquire(signal);
    await copyBlob({ ...copying, signal }, blob);
  });
  for (const each of running) each.catch((error: unknown) => failed.abort(error));
  await Promise.allSettled(running);
  await Promise.all(running);
}

async function copyBlob(copying: Copying, blob: Descriptor): Promise<void> {
  const { source, target, isNeighbour, report, signal } = copying;
  const id = shortId(blob.digest);
  if (await hasBlob(target, blob.digest)) return report(statusLine(id, "Already exists"));
  if (isNeighbour && source.path !== target.path && (await mountBlob(target, blob.digest, source.path))) {
    return report(statusLine(id, `Mounted from ${source.path}`));
  }
  report(statusLine(id, "Waiting"));
  await retrying(() => transfer(copying, blob), {
    attempts: ATTEMPTS,
    firstPauseMs: copying.firstPauseMs,
    signal,
    onPause: (seconds) => report(statusLine(id, `Retrying in ${seconds} second${seconds === 1 ? "" : "s"}`)),
  });
  report(statusLine(id, "Copied"));
}

/** Straight through: what the source sends is what the target gets, and both ends check it against the digest. */
async function transfer({ source, target, report, signal }: Copying, blob: Descriptor): Promise<void> {
  const id = shortId(blob.digest);
  const tell = throttled(PROGRESS_EVERY_MS, (current) => {
    report(countLine(id, "Copying", { current, total: blob.size }));
  });
  const begun = await target.call({ method: "POST", target: "blobs/uploads/", accept: [202], signal });
  await begun.discard();
  const url = new URL(locationOf(begun));
  url.searchParams.append("digest", blob.digest);
  const answer = await target.call({
    method: "PUT",
    target: url,
    headers: { "Content-Type": "application/octet-stream", "Content-Length": String(blob.size) },
    body: () => verifiedBlob(source, blob, { signal, tell }),
    accept: [201, 202, 204],
    attempts: 1,
    signal,
  });
  await answer.discard();
}

interface Flow {
  readonly signal: AbortSignal;
  readonly tell: (current: number, total: number) => void;
}

/** The last piece is held back until the digest of all is right. */
async function* verifiedBlob(source: Repository, { digest, size }: Descriptor, flow: Flow): AsyncGenerator<Uint8Array> {
  const answer = await source.call({ method: "GET", target: `blobs/${digest}`, signal: flow.signal });
  const hash = new Bun.CryptoHasher("sha256");
  let held: Uint8Array | undefined;
  let total = 0;
  for await (const piece of answer.body) {
    if (held !== undefined) yield held;
    total += piece.length;
    if (total > size) throw unlike(digest);
    hash.update(piece);
    held = piece;
    flow.tell(total, size);
  }
  if (total < size) throw new RegistryError({ message: "unexpected EOF", transient: true });
  if (`sha256:${hash.digest("hex")}` !== digest) throw unlike(digest);
  if (held !== undefined) yield held;
}

const unlike = (digest: Digest): Error => systemError(`blob verification failed for digest ${digest}`);
