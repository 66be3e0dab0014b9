/** Where imported caches are read from: a repository, or a directory of the client's; and where their layers go. */
import { invalidParameter } from "../../base/errors.ts";
import type { BuiltImages } from "../../image/built.ts";
import { type StoredDocument, toDocument } from "../../image/content.ts";
import { type Digest, parseDigest } from "../../image/reference.ts";
import type { Descriptor } from "../../image/registry/descriptors.ts";
import type { RegistryService } from "../../image/registry/types.ts";
import type { Build } from "../builder.ts";
import { credentialsFor } from "../images.ts";
import { readContentDocument } from "../operations/layout-source.ts";
import type { CachePlace } from "./cache-options.ts";

export interface CacheContent {
  /** The document that stands for the whole. */
  root(): Promise<StoredDocument>;
  manifest(digest: Digest): Promise<StoredDocument>;
  document(descriptor: Descriptor): Promise<Uint8Array>;
  /** The layer is in the store until the returned call, and as long as something has it. */
  layer(blob: Descriptor, diffId: Digest): Promise<() => void>;
}

export interface CacheContentDeps {
  readonly built: BuiltImages;
  readonly registries: Pick<RegistryService, "read">;
  readonly pin: (diffId: Digest) => () => void;
}

export function openCacheContent(deps: CacheContentDeps, build: Build, place: CachePlace): Promise<CacheContent> {
  return place.kind === "registry" ? fromRegistry(deps, build, place) : fromClient(deps, build, place);
}

async function fromRegistry(
  { registries, pin }: CacheContentDeps,
  build: Build,
  { reference, insecure }: Extract<CachePlace, { kind: "registry" }>,
): Promise<CacheContent> {
  const credentials = await credentialsFor(build, reference.domain);
  const remote = await registries.read({ image: reference, credentials, insecure, signal: build.signal });
  return {
    root: () => remote.manifest(reference.digest ?? reference.tag ?? ""),
    manifest: (digest) => remote.manifest(digest),
    document: (descriptor) => remote.document(descriptor),
    layer: async (blob, diffId) => {
      const unpin = pin(diffId);
      try {
        await remote.layer(blob, diffId);
        return unpin;
      } catch (error) {
        unpin();
        throw error;
      }
    },
  };
}

async function fromClient(
  { built }: CacheContentDeps,
  { session }: Build,
  { directory, digest }: Extract<CachePlace, { kind: "local" }>,
): Promise<CacheContent> {
  if (session?.offers("content") !== true) throw invalidParameter("the client serves no caches of its own");
  const content = session.content(`local:${directory}`);
  const manifest = async (wanted: Digest): Promise<StoredDocument> =>
    toDocument("", await readContentDocument(content, wanted));
  return {
    root: () => manifest(parseDigest(digest)),
    manifest,
    document: (descriptor) => readContentDocument(content, descriptor.digest),
    layer: async (blob, diffId) => {
      const layer = await built.addLayer(content.read(blob.digest, 0));
      if (layer.diffId === diffId) return () => layer.release();
      layer.release();
      throw invalidParameter(`layer ${blob.digest} is ${layer.diffId}, not ${diffId} as the cache says`);
    },
  };
}
