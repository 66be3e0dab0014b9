/** The document of a manifest list, byte for byte as Docker's client writes it. */
import { CommandError } from "../errors.ts";
import type { ListedManifest } from "./manifest-store.ts";

const DOCKER_LIST = "application/vnd.docker.distribution.manifest.list.v2+json";
const OCI_INDEX = "application/vnd.oci.image.index.v1+json";
const OCI_MANIFEST = "application/vnd.oci.image.manifest.v1+json";
const INDENT = 3;

export interface ListDocument {
  readonly mediaType: string;
  readonly text: string;
}

/** What Docker's client takes for a platform (cli/manifest/types and manifest/util.go). */
const KNOWN_PLATFORMS: Readonly<Record<string, readonly string[]>> = {
  darwin: ["386", "amd64", "arm", "arm64"],
  dragonfly: ["amd64"],
  freebsd: ["386", "amd64", "arm"],
  linux: ["386", "amd64", "arm", "arm64", "ppc64le", "riscv64", "mips64", "mips64le", "s390x", "loong64"],
  netbsd: ["386", "amd64", "arm"],
  openbsd: ["386", "amd64", "arm"],
  plan9: ["386", "amd64"],
  solaris: ["amd64"],
  windows: ["386", "amd64", "arm", "arm64"],
};

export const isKnownPlatform = (os: string, architecture: string): boolean =>
  KNOWN_PLATFORMS[os]?.includes(architecture) ?? false;

/** An OCI index when the first of its images is the OCI's, Docker's list otherwise. Throws CommandError for an image without platform. */
export function writeList(manifests: readonly ListedManifest[]): ListDocument {
  const mediaType = manifests[0]?.Descriptor.mediaType === OCI_MANIFEST ? OCI_INDEX : DOCKER_LIST;
  const document = { schemaVersion: 2, mediaType, manifests: manifests.map(toEntry) };
  return { mediaType, text: JSON.stringify(document, null, INDENT) };
}

function toEntry({ Ref, Descriptor }: ListedManifest): Record<string, unknown> {
  const { platform, mediaType, size, digest } = Descriptor;
  if (platform === undefined || platform.architecture === "" || platform.os === "") {
    throw new CommandError(`manifest ${Ref} must have an OS and Architecture to be pushed to a registry`);
  }
  const { architecture, os, variant } = platform;
  const [version, features] = [platform["os.version"], platform["os.features"]];
  return {
    mediaType,
    size,
    digest,
    platform: {
      architecture,
      os,
      ...(version ? { "os.version": version } : {}),
      ...(features?.length ? { "os.features": features } : {}),
      ...(variant ? { variant } : {}),
    },
  };
}
