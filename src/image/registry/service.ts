/** What the engine can do with registries, each operation with transport and credentials of its own. */
import { invalidParameter } from "../../base/errors.ts";
import { type Platform, parsePlatform } from "../platform.ts";
import { parseReference, type Reference, withDefaultTag } from "../reference.ts";
import { fetchRemote, inspectDistribution } from "./distribution.ts";
import { LayerFetches } from "./layer-fetches.ts";
import { LayerUploads } from "./layer-uploads.ts";
import { login } from "./login.ts";
import { openPublication } from "./publish.ts";
import { pull } from "./pull.ts";
import { push } from "./push.ts";
import { readRemote } from "./remote-content.ts";
import { copyImage, pushList } from "./remote-copy.ts";
import type { Repository } from "./repository.ts";
import { search } from "./search.ts";
import { Session } from "./session.ts";
import type { RegistrySettings } from "./settings.ts";
import { sweepStale } from "./stale.ts";
import type { RegistriesDeps, RegistryService, RemoteOptions } from "./types.ts";

export function createRegistryService(deps: RegistriesDeps): RegistryService {
  const { context, leases, settings } = deps;
  const { architecture } = context;
  const [downloads, uploading] = [`${deps.dir}/downloads`, `${deps.dir}/uploads`];
  for (const dir of [downloads, uploading]) sweepStale(dir);
  const open = openerOf(settings);
  const fetches = new LayerFetches({
    layers: context.layers,
    leases,
    collect: () => context.layers.collect(context.catalog.usedLayers()),
    dir: downloads,
    maxConcurrent: settings.maxConcurrentDownloads,
    maxAttempts: settings.maxDownloadAttempts,
    firstPauseMs: settings.firstPauseMs,
    segmentBytes: settings.downloadSegmentBytes,
  });
  const uploads = new LayerUploads({
    content: context.content,
    layers: context.layers,
    workers: context.workers,
    dir: uploading,
    maxConcurrent: settings.maxConcurrentUploads,
    firstPauseMs: settings.firstPauseMs,
    chunkBytes: settings.uploadChunkBytes,
  });
  const remote = <T>(read: (from: Repository, reference: Reference) => Promise<T>, options: RemoteOptions) => {
    const reference = withDefaultTag(parseReference(options.image));
    const session = open(options.signal, options.insecure === true ? reference.domain : undefined);
    return read(session.source(reference, options.credentials), reference);
  };
  return {
    pull: ({ image, tag, platform, credentials, sizes, signal }) => {
      const wanted = { reference: parsePulled(image, tag), platform: asked(platform, architecture) };
      const request = { ...wanted, credentials, sizes };
      return pull({ context, leases, fetches, session: open(signal) }, request);
    },
    push: ({ image, tag, platform, credentials, signal }) => {
      const request = { reference: parsePushed(image, tag), platform, credentials };
      return push({ context, uploads, session: open(signal) }, request);
    },
    copy: ({ from, to, platform, keyring, signal }) => {
      const [source, target] = [parseReference(from), parseReference(to)];
      return copyImage(open(signal), { from: source, to: target, platform: asked(platform, architecture), keyring });
    },
    forget: async () => (await fetches.forget()) + uploads.forget(),
    login: (credentials, signal) => login({ settings, send: open(signal).send, signal }, credentials),
    search: ({ signal, ...query }) => search({ settings, send: open(signal).send, signal }, query),
    distribution: async (options) => remote(inspectDistribution, options),
    manifest: async (options) => remote(fetchRemote, options),
    publish: async ({ image, credentials, insecure, signal }) =>
      openPublication({
        content: context.content,
        target: open(signal, insecure ? image.domain : undefined).target(image, credentials),
        reference: image,
        dir: uploading,
        maxConcurrent: settings.maxConcurrentUploads,
        firstPauseMs: settings.firstPauseMs,
        chunkBytes: settings.uploadChunkBytes,
        signal,
      }),
    read: async ({ image, credentials, insecure, signal }) => {
      const repository = open(signal, insecure ? image.domain : undefined).source(image, credentials);
      return readRemote({ repository, fetches, signal });
    },
    pushManifest: async ({ image, list, keyring, insecure, signal }) => {
      const to = withDefaultTag(parseReference(image));
      return pushList(open(signal, insecure ? to.domain : undefined), { to, list, keyring, signal });
    },
  };
}

/** What is learnt of plain-text registries serves later operations as well. */
function openerOf(settings: RegistrySettings): (signal: AbortSignal, insecure?: string) => Session {
  const plainHosts = new Set<string>();
  return (signal, insecure) => {
    const own = insecure === undefined ? settings : { ...settings, insecure: [...settings.insecure, insecure] };
    return new Session({ settings: own, signal, plainHosts });
  };
}

const asked = (platform: string, architecture: string): Platform | undefined =>
  platform === "" ? undefined : parsePlatform(platform, architecture);

const WHOLE_TAG = /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$/;

/** After moby postImagesCreate (28.5): the parameter goes before what the name says. */
function parsePulled(image: string, tag: string): Reference {
  const reference = parseReference(image.trim());
  if (tag === "") return reference;
  if (tag.includes(":")) return parseReference(`${image.trim()}@${tag}`);
  return withTag(reference, tag);
}

function parsePushed(image: string, tag: string): Reference {
  const reference = parseReference(image);
  return tag === "" ? reference : withTag(reference, tag);
}

function withTag({ domain, path }: Reference, tag: string): Reference {
  if (!WHOLE_TAG.test(tag)) throw invalidParameter("invalid tag format");
  return { domain, path, tag };
}
