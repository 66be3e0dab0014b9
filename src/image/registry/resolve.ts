/** From a reference to the one image manifest that is meant, through indexes, for a platform. */
import { invalidParameter, notFound } from "../../base/errors.ts";
import { platformText } from "../../wire/platform.ts";
import type { StoredDocument } from "../content.ts";
import type { Platform } from "../platform.ts";
import { choosePlatform, type ImageManifest, readManifest } from "./descriptors.ts";
import { getManifest } from "./manifests.ts";
import type { Repository } from "./repository.ts";

export interface ResolvedImage {
  readonly manifest: ImageManifest;
  /** The manifest, and the indexes that led to it, the innermost first. */
  readonly documents: readonly StoredDocument[];
}

const MAX_INDEX_DEPTH = 4;

/** What `top`, fetched already, means for the platform. Throws notFound in Docker's words. */
export async function resolveImage(
  repository: Repository,
  top: StoredDocument,
  platform: Platform,
): Promise<ResolvedImage> {
  let documents: readonly StoredDocument[] = [top];
  for (let depth = 0; depth <= MAX_INDEX_DEPTH; depth++) {
    const manifest = readManifest(documents[0] ?? top);
    if (manifest.kind === "image") return { manifest, documents };
    const chosen = choosePlatform(manifest, platform);
    if (chosen === undefined) {
      throw notFound(`no matching manifest for ${platformText(platform)} in the manifest list entries`);
    }
    documents = [await getManifest(repository, chosen.digest), ...documents];
  }
  throw invalidParameter("image indexes are nested too deeply");
}
