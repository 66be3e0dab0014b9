/** `push=true`: an image straight into its registries, under each of its names. */
import type { OpenBlob } from "../../image/blobs/layer-blobs.ts";
import {
  canonical,
  type Digest,
  familiarRepository,
  parseReference,
  type Reference,
  repository as repositoryName,
  withDefaultTag,
} from "../../image/reference.ts";
import { BuildFailure } from "../failure.ts";
import { credentialsFor } from "../images.ts";
import { type ImageExport } from "./image-export.ts";
import { RegistryDestination } from "./registry-destination.ts";
import { type WrittenImage, writeImage } from "./write-image.ts";

/** The image as the last repository has it. Throws BuildFailure. */
export async function pushImage(exporting: ImageExport): Promise<WrittenImage> {
  const { options } = exporting;
  const repositories = Map.groupBy(options.names, (name) => repositoryName(name));
  let written: WrittenImage | undefined;
  for (const names of repositories.values()) {
    written = await pushTo(exporting, { names, isAlone: repositories.size === 1 });
  }
  if (written === undefined) {
    throw new BuildFailure("tag is needed when pushing to registry", { kind: "invalidParameter" });
  }
  return written;
}

interface Target {
  /** Of one repository. */
  readonly names: readonly Reference[];
  /** Blobs that only this repository has will do. */
  readonly isAlone: boolean;
}

async function pushTo(exporting: ImageExport, { names, isAlone }: Target): Promise<WrittenImage> {
  const { deps, build, request, options, progress, sources } = exporting;
  const [name] = names;
  if (name === undefined) throw new BuildFailure("an image without a name cannot be pushed", {});
  const { domain } = parseReference(familiarRepository(name));
  const credentials = await credentialsFor(build, domain);
  const { insecure, pushByDigest } = options;
  const publication = await deps.registries.publish({ image: name, credentials, insecure, signal: build.signal });
  const open = (diffId: Digest): Promise<OpenBlob> =>
    deps.built.openBlob(diffId, options.blobs.format, { signal: build.signal });
  const destination = new RegistryDestination(publication, { blobs: options.blobs, open, acceptsKnown: isAlone });
  const { attestations, inlineCache } = request;
  const statements = attestations.statementsFor(options.names);
  const writing = { options, destination, progress, isAttested: attestations.isAsked, statements, inlineCache };
  const written = await writeImage(writing, sources);
  const last = written.documents.at(-1);
  if (last === undefined) throw new BuildFailure("there is no manifest to push", {});
  for (const each of names) {
    if (pushByDigest && each.tag !== undefined) {
      throw new BuildFailure(`can't push tagged ref ${canonical(each)} by digest`, { kind: "invalidParameter" });
    }
    const tag = pushByDigest ? last.digest : (withDefaultTag(each).tag ?? last.digest);
    const shown = pushByDigest ? repositoryName(each) : canonical(withDefaultTag(each));
    await progress.during(`pushing manifest for ${shown}@${last.digest}`, () => publication.manifest(last, tag));
  }
  return written;
}
