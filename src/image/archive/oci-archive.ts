/** An OCI image layout in a tar: index.json leads to manifests, perhaps through indexes with one manifest a platform. */
import { invalidParameter } from "../../base/errors.ts";
import { platformText } from "../../wire/platform.ts";
import { type StoredDocument, toDocument } from "../content.ts";
import {
  checkLayer,
  type Descriptor,
  isRunnable,
  type ManifestDocument,
  OCI_INDEX_TYPE,
  OCI_MANIFEST,
  parseManifest,
} from "../manifest.ts";
import { matchesPlatform, type Platform } from "../platform.ts";
import { parseDigest, parseReference, type Reference, withDefaultTag } from "../reference.ts";
import { type ArchiveContents, decodeUtf8 } from "./contents.ts";
import { type PlannedImage, planImage } from "./planned-image.ts";

export const OCI_INDEX = "index.json";

const MAX_INDEX_DEPTH = 4;
const CONTAINERD_NAME = "io.containerd.image.name";
const OCI_REF_NAME = "org.opencontainers.image.ref.name";

/** Of images for several platforms the one for `platform` is taken. Throws invalidParameter when there is none. */
export function planOciArchive(contents: ArchiveContents, platform: Platform): PlannedImage[] {
  const root = parseManifest(decodeUtf8(contents.document(OCI_INDEX)), OCI_INDEX);
  const found = (root.manifests ?? []).filter(isRunnable);
  // Several names of one image stand side by side, each with its own descriptor.
  const byDigest = Map.groupBy(chooseRoots(found, platform), ({ digest }) => digest);
  return [...byDigest.values()].flatMap((same) => {
    const [first] = same;
    return first === undefined ? [] : [follow(contents, first, { platform, names: same.flatMap(nameOf), above: [] })];
  });
}

interface Walk {
  readonly platform: Platform;
  readonly names: readonly Reference[];
  /** The indexes that led here, the outermost first. */
  readonly above: readonly StoredDocument[];
}

function follow(contents: ArchiveContents, from: Descriptor, walk: Walk): PlannedImage {
  if (walk.above.length > MAX_INDEX_DEPTH) throw invalidParameter("image indexes are nested too deeply");
  const bytes = contents.document(blobName(from));
  const document = parseManifest(decodeUtf8(bytes), from.digest, from.mediaType);
  const isIndex = document.manifests !== undefined;
  const mediaType = from.mediaType || document.mediaType || (isIndex ? OCI_INDEX_TYPE : OCI_MANIFEST);
  const above = [...walk.above, toDocument(mediaType, bytes)];
  if (document.manifests === undefined) return planManifest(contents, from, document, { ...walk, above });
  const [chosen] = forPlatform(document.manifests.filter(isRunnable), walk.platform);
  if (chosen === undefined) throw invalidParameter("image index in archive is empty");
  return follow(contents, chosen, { ...walk, above });
}

function planManifest(
  contents: ArchiveContents,
  from: Descriptor,
  { config, layers }: ManifestDocument,
  { names, above }: Walk,
): PlannedImage {
  if (config === undefined || layers === undefined) {
    throw invalidParameter(`${from.digest} is neither an image manifest nor an index`);
  }
  for (const layer of layers) checkLayer(layer);
  return planImage(contents, {
    config: blobName(config),
    layers: layers.map((layer) => ({ name: blobName(layer), mediaType: layer.mediaType })),
    names,
    parent: "",
    // The manifest itself first.
    documents: above.toReversed(),
  });
}

/** The digest of a blob is compared where it is read. */
function blobName({ digest }: Descriptor): string {
  return `blobs/sha256/${parseDigest(digest).slice("sha256:".length)}`;
}

/** Names are no choice: every named image is meant. Of several without a name, those for the platform. */
function chooseRoots(found: readonly Descriptor[], platform: Platform): Descriptor[] {
  const named = found.filter((each) => nameOf(each).length > 0);
  const unnamed = found.filter((each) => nameOf(each).length === 0);
  return [...named, ...forPlatform(unnamed, platform)];
}

/** The only one is taken whatever it is for; whether it fits is asked of its configuration. */
function forPlatform(from: readonly Descriptor[], wanted: Platform): readonly Descriptor[] {
  if (from.length <= 1) return from;
  const fitting = from.filter(({ platform }) => platform === undefined || matchesPlatform(wanted, platform));
  if (fitting.length === 0) throw invalidParameter(`no image in the archive is for ${platformText(wanted)}`);
  return fitting;
}

/** A reference name without colon or slash is a bare tag, which names nothing by itself. */
function nameOf({ annotations }: Descriptor): Reference[] {
  const short = annotations[OCI_REF_NAME] ?? "";
  const name = annotations[CONTAINERD_NAME] ?? (/[:/]/.test(short) ? short : "");
  if (name === "") return [];
  const reference = withDefaultTag(parseReference(name));
  return reference.tag === undefined ? [] : [{ domain: reference.domain, path: reference.path, tag: reference.tag }];
}
