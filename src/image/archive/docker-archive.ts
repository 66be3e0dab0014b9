/** The archive of `docker save`: manifest.json names each image's configuration, layers and tags. After moby tarexport/load.go (28.5). */
import { invalidParameter } from "../../base/errors.ts";
import { list, string, strings, struct } from "../../wire/decode/primitives.ts";
import { parseReference, type Reference } from "../reference.ts";
import { type ArchiveContents, decodeUtf8 } from "./contents.ts";
import { type PlannedImage, planImage } from "./planned-image.ts";

interface ManifestItem {
  Config: string;
  RepoTags: string[];
  Layers: string[];
  Parent: string;
}

const emptyItem = (): ManifestItem => ({ Config: "", RepoTags: [], Layers: [], Parent: "" });
const decodeManifest = list(
  "tarexport.manifestItem",
  struct("tarexport.manifestItem", emptyItem, { Config: string, RepoTags: strings, Layers: strings, Parent: string }),
  emptyItem,
);

export const DOCKER_MANIFEST = "manifest.json";

export function planDockerArchive(contents: ArchiveContents): PlannedImage[] {
  if (decodeUtf8(contents.document(DOCKER_MANIFEST)).trim() === "null") {
    throw invalidParameter("invalid manifest, manifest cannot be null (but can be [])");
  }
  const items = decodeManifest(contents.json(DOCKER_MANIFEST), "manifest");
  return items.map(({ Config, RepoTags, Layers, Parent }) =>
    planImage(contents, {
      config: Config,
      layers: Layers.map((name) => ({ name, mediaType: "" })),
      names: RepoTags.map(parseTag),
      parent: Parent,
      documents: [],
    }),
  );
}

function parseTag(text: string): Reference {
  const reference = parseReference(text);
  if (reference.tag === undefined) throw invalidParameter(`invalid tag ${JSON.stringify(text)}`);
  return reference;
}
