/** An OCI image layout in a tar: index.json leads to manifests, perhaps through indexes with one manifest a platform. */
import { invalidParameter } from "../../base/errors.ts";
import { type Decoder, int64, list, string, stringMap, struct } from "../../wire/decode/primitives.ts";
import { type Digest, parseDigest, parseReference, type Reference, withDefaultTag } from "../reference.ts";
import type { ArchiveContents } from "./contents.ts";
import { type PlannedImage, planImage } from "./planned-image.ts";

interface Platform {
  os: string;
  architecture: string;
  variant: string;
}

interface Descriptor {
  mediaType: string;
  digest: string;
  size: number;
  annotations: Record<string, string>;
  platform: Platform | undefined;
  urls: string[];
}

/** A manifest or an index: which of the two, its fields say. */
interface Document {
  mediaType: string;
  config: Descriptor | undefined;
  layers: Descriptor[] | undefined;
  manifests: Descriptor[] | undefined;
}

const emptyDescriptor = (): Descriptor => ({
  mediaType: "",
  digest: "",
  size: 0,
  annotations: {},
  platform: undefined,
  urls: [],
});

const descriptor: Decoder<Descriptor> = struct("v1.Descriptor", emptyDescriptor, {
  mediaType: string,
  digest: string,
  size: int64,
  annotations: stringMap,
  platform: struct("v1.Platform", (): Platform => ({ os: "", architecture: "", variant: "" }), {
    os: string,
    architecture: string,
    variant: string,
  }),
  urls: list("string", string, () => ""),
});

const descriptors = list("v1.Descriptor", descriptor, emptyDescriptor);

const decodeDocument = struct(
  "v1.Manifest",
  (): Document => ({ mediaType: "", config: undefined, layers: undefined, manifests: undefined }),
  { mediaType: string, config: descriptor, layers: descriptors, manifests: descriptors },
);

export const OCI_INDEX = "index.json";

const MAX_INDEX_DEPTH = 4;
const CONTAINERD_NAME = "io.containerd.image.name";
const OCI_REF_NAME = "org.opencontainers.image.ref.name";
const LAYER_TYPE =
  /^application\/vnd\.(oci\.image\.layer\.v1\.tar(\+gzip|\+zstd)?|docker\.image\.rootfs\.diff\.tar(\.gzip|\.zstd)?)$/;

/** `architecture` in the OCI's spelling, such as "amd64": which image of several to take. */
export function planOciArchive(contents: ArchiveContents, architecture: string): PlannedImage[] {
  const root = decodeDocument(contents.json(OCI_INDEX), "index");
  const found = (root.manifests ?? []).filter(isRunnable);
  // Several names of one image stand side by side, each with its own descriptor.
  const byDigest = Map.groupBy(chooseRoots(found, architecture), ({ digest }) => digest);
  return [...byDigest.values()].flatMap((same) => {
    const [first] = same;
    if (first === undefined) return [];
    const names = same.flatMap(nameOf);
    return [planManifest(contents, first, { architecture, names })];
  });
}

interface Choice {
  readonly architecture: string;
  readonly names: readonly Reference[];
}

function planManifest(contents: ArchiveContents, from: Descriptor, choice: Choice, depth = 0): PlannedImage {
  if (depth > MAX_INDEX_DEPTH) throw invalidParameter("image indexes are nested too deeply");
  const document = readDocument(contents, from);
  if (document.manifests !== undefined) {
    const [chosen] = forPlatform(document.manifests.filter(isRunnable), choice.architecture);
    if (chosen === undefined) throw invalidParameter("image index in archive is empty");
    return planManifest(contents, chosen, choice, depth + 1);
  }
  const { config, layers } = document;
  if (config === undefined || layers === undefined) {
    throw invalidParameter(`${from.digest} is neither an image manifest nor an index`);
  }
  for (const layer of layers) checkLayer(layer);
  return planImage(contents, {
    config: blobName(config),
    layers: layers.map(blobName),
    names: choice.names,
    parent: "",
  });
}

/** Refuses what two readers could take for two things (CVE-2021-41190). */
function readDocument(contents: ArchiveContents, from: Descriptor): Document {
  const name = blobName(from);
  const document = decodeDocument(contents.json(name), "manifest");
  const isIndex = document.manifests !== undefined;
  const isManifest = document.config !== undefined || document.layers !== undefined;
  const contradicts = from.mediaType !== "" && document.mediaType !== "" && from.mediaType !== document.mediaType;
  if ((isIndex && isManifest) || contradicts) throw invalidParameter(`ambiguous manifest ${from.digest}`);
  return document;
}

function blobName({ digest }: Descriptor): string {
  const checked: Digest = parseDigest(digest);
  return `blobs/sha256/${checked.slice("sha256:".length)}`;
}

function checkLayer({ mediaType, urls }: Descriptor): void {
  if (!LAYER_TYPE.test(mediaType) || urls.length > 0) {
    throw invalidParameter(`unsupported layer of type ${JSON.stringify(mediaType)}`);
  }
}

/** Attestations are listed beside images, for the platform "unknown". */
function isRunnable({ annotations, platform }: Descriptor): boolean {
  return platform?.os !== "unknown" && annotations["vnd.docker.reference.type"] === undefined;
}

/** Names are no choice: every named image is meant. Of several without a name, those for this machine. */
function chooseRoots(found: readonly Descriptor[], architecture: string): Descriptor[] {
  const named = found.filter((each) => nameOf(each).length > 0);
  const unnamed = found.filter((each) => nameOf(each).length === 0);
  return [...named, ...forPlatform(unnamed, architecture)];
}

/** The only one is taken whatever it is for. */
function forPlatform(from: readonly Descriptor[], architecture: string): readonly Descriptor[] {
  if (from.length <= 1) return from;
  const fitting = from.filter(
    ({ platform }) => platform === undefined || (platform.os === "linux" && platform.architecture === architecture),
  );
  if (fitting.length === 0) throw invalidParameter(`no image in the archive is for linux/${architecture}`);
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
