/** What the Engine API says of registries and of what they have. */
import { string, strings, struct } from "./decode/primitives.ts";

export interface SearchResult {
  star_count: number;
  is_official: boolean;
  name: string;
  is_automated: boolean;
  description: string;
}

export interface LoginResult {
  /** To be kept in place of the password; "" when the registry gives none. */
  IdentityToken: string;
  Status: string;
}

export interface WireDescriptor {
  mediaType: string;
  digest: string;
  size: number;
  platform?: WirePlatform;
}

export interface WirePlatform {
  architecture: string;
  os: string;
  variant?: string;
}

/** GET /distribution/{name}/json. */
export interface DistributionInspect {
  Descriptor: WireDescriptor;
  /** Null for what is no image. */
  Platforms: WirePlatform[] | null;
}

/** A manifest as a registry has it: tare's own endpoints, for `tare manifest`. */
export interface RemoteManifest {
  /** With its platform where its configuration says one. */
  Descriptor: WireDescriptor;
  /** base64 of the exact bytes. */
  Raw: string;
}

/** What `tare manifest push` sends: an index, and where its images are to be had. */
export interface ManifestPush {
  MediaType: string;
  /** base64 of the index's exact bytes. */
  Raw: string;
  /** References with digests, such as "host/repo@sha256:…": copied into the index's repository where they are missing. */
  Sources: string[];
}

const decodePush = struct("ManifestPush", (): ManifestPush => ({ MediaType: "", Raw: "", Sources: [] }), {
  MediaType: string,
  Raw: string,
  Sources: strings,
});

/** Throws invalidParameter. */
export function decodeManifestPush(value: NonNullable<unknown>): ManifestPush {
  return decodePush(value, "ManifestPush");
}
