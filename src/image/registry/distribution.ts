/** What a registry has under a reference, without any of it being pulled. */
import type { DistributionInspect, RemoteManifest, WireDescriptor, WirePlatform } from "../../wire/registry.ts";
import { decodeUtf8 } from "../archive/contents.ts";
import type { StoredDocument } from "../content.ts";
import { parseImageDocument } from "../document.ts";
import type { Platform } from "../platform.ts";
import type { Reference } from "../reference.ts";
import { getDocument } from "./blobs.ts";
import { readManifest } from "./descriptors.ts";
import { getManifest } from "./manifests.ts";
import { isConfigType } from "./media-types.ts";
import type { Repository } from "./repository.ts";

/** GET /distribution/{name}/json. */
export async function inspectDistribution(repository: Repository, reference: Reference): Promise<DistributionInspect> {
  const document = await fetchDocument(repository, reference);
  return { Descriptor: toWire(document), Platforms: await platformsOf(repository, document) };
}

/** The document with the platform it is for, where it is for one. */
export async function fetchRemote(repository: Repository, reference: Reference): Promise<RemoteManifest> {
  const document = await fetchDocument(repository, reference);
  const manifest = readManifest(document);
  const platforms = manifest.kind === "image" ? await platformsOf(repository, document) : null;
  const [platform] = platforms ?? [];
  return {
    Descriptor: { ...toWire(document), ...(platform === undefined ? {} : { platform }) },
    Raw: Buffer.from(document.bytes).toString("base64"),
  };
}

function fetchDocument(repository: Repository, { tag = "latest", digest }: Reference): Promise<StoredDocument> {
  return getManifest(repository, digest ?? tag);
}

const toWire = ({ mediaType, digest, bytes }: StoredDocument): WireDescriptor => ({
  mediaType,
  digest,
  size: bytes.length,
});

/** Null for what is no image. */
async function platformsOf(repository: Repository, document: StoredDocument): Promise<WirePlatform[] | null> {
  const manifest = readManifest(document);
  if (manifest.kind === "index") {
    return manifest.manifests.flatMap(({ platform }) => (platform === undefined ? [] : [toWirePlatform(platform)]));
  }
  if (!isConfigType(manifest.config.mediaType)) return null;
  const config = decodeUtf8(await getDocument(repository, manifest.config));
  return [toWirePlatform(parseImageDocument(config))];
}

function toWirePlatform({ architecture, os, variant }: Platform): WirePlatform {
  return { architecture, os, ...(variant === "" ? {} : { variant }) };
}
