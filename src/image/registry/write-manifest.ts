/** Manifests of what we push: Docker's schema 2, which every registry takes, unless a layer is of a kind that only the OCI knows. */
import type { LayerBlob } from "../content.ts";
import { DOCKER_MANIFEST_TYPE, OCI_CONFIG, OCI_LAYER, OCI_MANIFEST } from "../manifest.ts";
import type { Digest } from "../reference.ts";
import { DOCKER_CONFIG, DOCKER_LAYER } from "./media-types.ts";

export interface WrittenManifest {
  readonly mediaType: string;
  readonly text: string;
}

/** Indented by three blanks as Docker's, so that the same layers give the same digest from either engine. */
const INDENT = 3;
const GZIP = `${OCI_LAYER}+gzip`;

/** `layers`: the lowest first. */
export function writeManifest(
  config: { readonly digest: Digest; readonly sizeBytes: number },
  layers: readonly LayerBlob[],
): WrittenManifest {
  const isDocker = layers.every(({ mediaType }) => mediaType === DOCKER_LAYER || mediaType === GZIP);
  const mediaType = isDocker ? DOCKER_MANIFEST_TYPE : OCI_MANIFEST;
  const document = {
    schemaVersion: 2,
    mediaType,
    config: { mediaType: isDocker ? DOCKER_CONFIG : OCI_CONFIG, size: config.sizeBytes, digest: config.digest },
    layers: layers.map((layer) => ({
      mediaType: isDocker ? DOCKER_LAYER : toOci(layer.mediaType),
      size: layer.sizeBytes,
      digest: layer.digest,
    })),
  };
  return { mediaType, text: JSON.stringify(document, null, INDENT) };
}

function toOci(mediaType: string): string {
  if (mediaType === DOCKER_LAYER) return GZIP;
  return mediaType.replace("application/vnd.docker.image.rootfs.diff.tar.zstd", `${OCI_LAYER}+zstd`);
}
