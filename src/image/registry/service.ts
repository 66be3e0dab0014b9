/** What the engine can do with registries, each operation with transport and credentials of its own. */
import { invalidParameter } from "../../base/errors.ts";
import { type Platform, parsePlatform } from "../platform.ts";
import { parseReference, type Reference } from "../reference.ts";
import { LayerFetches } from "./layer-fetches.ts";
import { pull } from "./pull.ts";
import { Session } from "./session.ts";
import type { RegistriesDeps, RegistryService } from "./types.ts";

export function createRegistryService(deps: RegistriesDeps): RegistryService {
  const { context, leases, settings } = deps;
  const plainHosts = new Set<string>();
  const session = (signal: AbortSignal): Session => new Session({ settings, signal, plainHosts });
  const fetches = new LayerFetches({
    layers: context.layers,
    leases,
    dir: `${deps.dir}/downloads`,
    maxConcurrent: settings.maxConcurrentDownloads,
    maxAttempts: settings.maxDownloadAttempts,
  });
  return {
    pull: ({ image, tag, platform, credentials, signal }) => {
      const request = {
        reference: parsePulled(image, tag),
        platform: asked(platform, context.architecture),
        credentials,
      };
      return pull({ context, leases, fetches, session: session(signal) }, request);
    },
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
  if (!WHOLE_TAG.test(tag)) throw invalidParameter("invalid tag format");
  const { domain, path } = reference;
  return { domain, path, tag };
}
