/** Images for builds: those of the store, and what a registry has when the store has not, or a fresh one is asked for. */
import { messageOf } from "../base/errors.ts";
import type { BuiltImages } from "../image/built.ts";
import { parseImageDocument } from "../image/document.ts";
import { parsePlatform } from "../image/platform.ts";
import { canonical, type Digest, parseReference, withDefaultTag } from "../image/reference.ts";
import { choosePlatform, readManifest } from "../image/registry/descriptors.ts";
import type { RegistryService } from "../image/registry/types.ts";
import type { Platform } from "../wire/platform.ts";
import { platformText } from "../wire/platform.ts";
import { ANONYMOUS, type Credentials } from "../wire/registry-auth.ts";
import type { Build } from "./builder.ts";
import { BuildFailure } from "./failure.ts";
import type { ImageResolver, ResolvedImage } from "./frontend/bases.ts";
import { sha256 } from "./frontend/vertex.ts";
import type { ImageSource } from "./operation.ts";
import type { LayoutWanted } from "./operations/layout-source.ts";
import type { Step } from "./solver/solver.ts";

export interface BuildImagesDeps {
  readonly built: BuiltImages;
  readonly registries: Pick<RegistryService, "pull" | "read">;
  /** This machine's, in the OCI's spelling. */
  readonly architecture: string;
}

export interface BuildImages extends ImageResolver {
  readonly platform: Platform;
  parsePlatform(text: string): Platform;
  provide(source: ImageSource, step: Step): Promise<{ id: Digest; isNew: boolean }>;
}

const now = (): number => performance.timeOrigin + performance.now();

export function createBuildImages(deps: BuildImagesDeps): BuildImages {
  const { architecture } = deps;
  return {
    platform: { os: "linux", architecture, variant: "" },
    parsePlatform: (text) => parsePlatform(text, architecture),
    canonical: (reference) => canonical(withDefaultTag(parseReference(reference))),
    resolveImage: (build, wanted) => resolveImage(deps, build, wanted),
    provide: async ({ reference, platform }, { build }) => {
      const known = deps.built.find(reference, platform);
      if (known !== undefined) return { id: known.id, isNew: false };
      const fetched = await fetchImage(deps, build, { name: reference, platform });
      return { id: found(deps, fetched, platform).id, isNew: true };
    },
  };
}

type Wanted = Parameters<ImageResolver["resolveImage"]>[1];

async function resolveImage(deps: BuildImagesDeps, build: Build, wanted: Wanted): Promise<ResolvedImage> {
  const { reference: asked, platform, layout } = wanted;
  const name = layout === undefined ? canonical(withDefaultTag(parseReference(asked))) : `${layout}${asked}`;
  const started = now();
  const title = `[internal] load metadata for ${name}`;
  const vertex = { kind: "vertex", digest: sha256(title), name: title, inputs: [], started } as const;
  build.report(vertex);
  try {
    const resolved = await (layout === undefined
      ? metadataOf(deps, build, { ...wanted, name })
      : layoutMetadata(build, { store: layout, reference: asked, platform }));
    build.report({ ...vertex, completed: now() });
    return resolved;
  } catch (error) {
    const message = messageOf(error);
    build.report({ ...vertex, completed: now(), error: message });
    const why = `${asked}: failed to resolve source metadata for ${name}: ${message}`;
    throw new BuildFailure(why, { kind: "notFound", cause: error });
  }
}

async function metadataOf(
  deps: BuildImagesDeps,
  build: Build,
  { name, platform, mode }: Wanted & { readonly name: string },
): Promise<ResolvedImage> {
  const isMissing = deps.built.find(name, platform) === undefined;
  const reference = isMissing || mode === "pull" ? await fetchImage(deps, build, { name, platform }) : name;
  return toResolved(reference, found(deps, reference, platform).document);
}

async function layoutMetadata(build: Build, wanted: LayoutWanted): Promise<ResolvedImage> {
  const { readLayout } = await import("./operations/layout-source.ts");
  return toResolved(wanted.reference, (await readLayout(build, wanted)).document);
}

function found({ built }: BuildImagesDeps, reference: string, platform: Platform): { id: Digest; document: string } {
  const image = built.find(reference, platform);
  if (image !== undefined) return image;
  throw noMatch(platform);
}

function noMatch(platform: Platform): BuildFailure {
  return new BuildFailure(`no match for platform ${platformText(platform)} in manifest: not found`, {
    kind: "notFound",
  });
}

interface Fetched {
  readonly name: string;
  readonly platform: Platform;
}

/**
 * Gets an image from its registry, and says by which name the store has it. One for another machine is stored by its digest: the tag
 * goes on to mean what runs here.
 */
async function fetchImage(deps: BuildImagesDeps, build: Build, { name, platform }: Fetched): Promise<string> {
  const isOwn = platform.os === "linux" && platform.architecture === deps.architecture;
  const wanted = isOwn ? name : await pinned(deps, build, { name, platform });
  if (deps.built.find(wanted, platform) === undefined || isOwn) await pull(deps, build, wanted, platform);
  return wanted;
}

/** With the digest of the manifest for the platform. Throws notFound. */
async function pinned({ registries }: BuildImagesDeps, build: Build, { name, platform }: Fetched): Promise<string> {
  const image = parseReference(name);
  const credentials = await credentialsFor(build, image.domain);
  const remote = await registries.read({ image, credentials, insecure: false, signal: build.signal });
  const document = await remote.manifest(image.digest ?? image.tag ?? "");
  const manifest = readManifest(document);
  const chosen = manifest.kind === "image" ? document : choosePlatform(manifest, platform);
  if (chosen === undefined) throw noMatch(platform);
  const { domain, path } = image;
  return canonical({ domain, path, digest: chosen.digest });
}

/** With what the client knows of credentials. The last word of a pull that failed is why. */
async function pull({ registries }: BuildImagesDeps, build: Build, name: string, platform: Platform): Promise<void> {
  const reference = parseReference(name);
  const credentials = await credentialsFor(build, reference.domain);
  const options = {
    image: name,
    tag: "",
    platform: platformText(platform),
    credentials,
    sizes: false,
    signal: build.signal,
  };
  for await (const line of registries.pull(options)) {
    if ("error" in line && typeof line.error === "string") throw new BuildFailure(line.error, { kind: "notFound" });
  }
}

const HUB_HOST = "registry-1.docker.io";

export async function credentialsFor({ session }: Build, domain: string): Promise<Credentials> {
  const host = domain === "docker.io" ? HUB_HOST : domain;
  const given = await session?.credentials(host);
  if (given === undefined) return ANONYMOUS;
  const { username, secret } = given;
  return username === "" ? { ...ANONYMOUS, identitytoken: secret } : { ...ANONYMOUS, username, password: secret };
}

function toResolved(reference: string, document: string): ResolvedImage {
  const { os, architecture, variant, author, config, history } = parseImageDocument(document);
  const steps = history.map(({ created, created_by, comment, empty_layer, author: by }) => ({
    ...(created === "" ? {} : { created }),
    ...(created_by === "" ? {} : { created_by }),
    ...(by === "" ? {} : { author: by }),
    ...(comment === "" ? {} : { comment }),
    ...(empty_layer ? { empty_layer } : {}),
  }));
  return { reference, platform: { os: os || "linux", architecture, variant }, author, config, history: steps };
}
