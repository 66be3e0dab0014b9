/** Images in an OCI layout on the client's side (`--build-context name=oci-layout://…`): read through its session, verified, part by part. */
import { invalidParameter, notFound } from "../../base/errors.ts";
import { decodeUtf8 } from "../../image/archive/contents.ts";
import type { BuiltImages } from "../../image/built.ts";
import { toDocument } from "../../image/content.ts";
import { digestOf } from "../../image/digest.ts";
import { type Digest, isDigest } from "../../image/reference.ts";
import {
  checkImage,
  choosePlatform,
  type Descriptor,
  type ImageManifest,
  readManifest,
} from "../../image/registry/descriptors.ts";
import { checkConfig } from "../../image/registry/image-config.ts";
import { type Platform, platformText } from "../../wire/platform.ts";
import type { Build } from "../builder.ts";
import { BuildFailure } from "../failure.ts";
import type { LayoutSource } from "../operation.ts";
import type { ContentStore } from "../session.ts";
import { digest as keyDigest } from "../solver/keys.ts";
import type { LoadedSource, Step } from "../solver/solver.ts";
import type { TreeStore } from "../tree.ts";

export interface LayoutImage {
  readonly content: ContentStore;
  readonly manifest: ImageManifest;
  /** config.json */
  readonly document: string;
  readonly diffIds: readonly Digest[];
}

const MAX_DOCUMENT_BYTES = 4 * 1024 * 1024;
const MAX_INDEX_DEPTH = 4;

export interface LayoutWanted {
  /** The client's name for the layout. */
  readonly store: string;
  /** ":tag@sha256:…" or "@sha256:…" */
  readonly reference: string;
  readonly platform: Platform;
}

/** Throws notFound when the layout has no such image for the platform. */
export async function readLayout(
  { session }: Build,
  { store, reference, platform }: LayoutWanted,
): Promise<LayoutImage> {
  if (session?.offers("content") !== true) throw invalidParameter("the client serves no OCI layouts");
  const content = session.content(`oci:${store}`);
  let digest = digestIn(reference);
  for (let depth = 0; depth <= MAX_INDEX_DEPTH; depth++) {
    const manifest = readManifest(toDocument("", await readContentDocument(content, digest)));
    if (manifest.kind === "image") {
      checkImage(manifest);
      const document = decodeUtf8(await readContentDocument(content, manifest.config.digest));
      return { content, manifest, document, diffIds: checkConfig(document, manifest) };
    }
    const chosen = choosePlatform(manifest, platform);
    if (chosen === undefined) throw notFound(`no match for platform ${platformText(platform)} in manifest: not found`);
    digest = chosen.digest;
  }
  throw invalidParameter("image indexes are nested too deeply");
}

function digestIn(reference: string): Digest {
  const digest = reference.slice(reference.indexOf("@") + 1);
  if (isDigest(digest)) return digest;
  throw invalidParameter(`oci-layout reference ${JSON.stringify(reference)} must have digest`);
}

/** A small blob of a store of the client, verified. */
export async function readContentDocument(content: ContentStore, digest: Digest): Promise<Uint8Array> {
  const pieces: Uint8Array[] = [];
  let length = 0;
  for await (const piece of content.read(digest, 0)) {
    length += piece.length;
    if (length > MAX_DOCUMENT_BYTES) throw invalidParameter(`${digest} is larger than ${MAX_DOCUMENT_BYTES} bytes`);
    pieces.push(piece);
  }
  const bytes = Buffer.concat(pieces);
  if (digestOf(bytes) !== digest) throw invalidParameter(`${digest} of the client is not what its digest says`);
  return bytes;
}

export interface LayoutSourceDeps {
  readonly trees: TreeStore;
  readonly built: BuiltImages;
}

export async function loadLayout(
  { trees, built }: LayoutSourceDeps,
  source: LayoutSource,
  { build }: Step,
): Promise<LoadedSource> {
  const { content, manifest, diffIds } = await readLayout(build, source);
  using undo = new DisposableStack();
  let isCached = true;
  for (const [at, diffId] of diffIds.entries()) {
    const blob = manifest.layers[at];
    if (blob === undefined || built.hasLayer(diffId)) continue;
    isCached = false;
    undo.defer(await takeLayer(built, content, { blob, diffId }));
  }
  const layers = diffIds.map((diffId) => diffId as `sha256:${string}`);
  const release = trees.hold({ layers });
  return { tree: { layers }, key: keyDigest("image", layers), release, isCached };
}

async function takeLayer(
  built: BuiltImages,
  content: ContentStore,
  { blob, diffId }: { readonly blob: Descriptor; readonly diffId: Digest },
): Promise<() => void> {
  const layer = await built.addLayer(content.read(blob.digest, 0));
  if (layer.diffId === diffId) return () => layer.release();
  layer.release();
  throw new BuildFailure(`layer ${blob.digest} is ${layer.diffId}, not ${diffId} as the image says`, {
    kind: "invalidParameter",
  });
}
