/** Media types that registries are asked for and given; what a document says it is, src/image/manifest.ts reads. */
import { DOCKER_LIST_TYPE, DOCKER_MANIFEST_TYPE, OCI_CONFIG, OCI_INDEX_TYPE, OCI_MANIFEST } from "../manifest.ts";

export const DOCKER_CONFIG = "application/vnd.docker.container.image.v1+json";
export const DOCKER_LAYER = "application/vnd.docker.image.rootfs.diff.tar.gzip";

/** What we can make sense of, as an Accept header. */
export const ACCEPTED: string = [OCI_INDEX_TYPE, DOCKER_LIST_TYPE, OCI_MANIFEST, DOCKER_MANIFEST_TYPE].join(", ");

export const isIndexType = (mediaType: string): boolean =>
  mediaType === OCI_INDEX_TYPE || mediaType === DOCKER_LIST_TYPE;
export const isConfigType = (mediaType: string): boolean => mediaType === DOCKER_CONFIG || mediaType === OCI_CONFIG;

/** Without its parameters ("; charset=utf-8"). */
export const bareType = (header: string | null): string => (header ?? "").split(";", 1)[0]?.trim().toLowerCase() ?? "";
