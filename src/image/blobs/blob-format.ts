/** The forms in which a layer travels: plain, or compressed by one of the OCI's two ways. Pure. */
import { type BlockFormat, DEFAULT_GZIP } from "../layers/compress-block.ts";
import { OCI_LAYER } from "../manifest.ts";

export type BlobFormat = BlockFormat | { readonly kind: "uncompressed" };

export const DEFAULT_FORMATS: Readonly<Record<BlobFormat["kind"], BlobFormat>> = {
  uncompressed: { kind: "uncompressed" },
  gzip: DEFAULT_GZIP,
  zstd: { kind: "zstd", level: 3 },
};

const SUFFIX: Readonly<Record<BlobFormat["kind"], string>> = { uncompressed: "", gzip: "+gzip", zstd: "+zstd" };
const DOCKER_SUFFIX: Readonly<Record<BlobFormat["kind"], string>> = {
  uncompressed: "",
  gzip: ".gzip",
  zstd: ".zstd",
};
const DOCKER_LAYER_TAR = "application/vnd.docker.image.rootfs.diff.tar";

/** In the OCI's words. */
export const mediaTypeOf = ({ kind }: BlobFormat): string => OCI_LAYER + SUFFIX[kind];

/** The same blob in the words of the OCI or of Docker's schema 2. */
export function mediaTypeIn(mediaType: string, words: "oci" | "docker"): string {
  const { kind } = formatOf(mediaType);
  return words === "oci" ? OCI_LAYER + SUFFIX[kind] : DOCKER_LAYER_TAR + DOCKER_SUFFIX[kind];
}

/** As far as its media type says. */
function formatOf(mediaType: string): BlobFormat {
  const kind = mediaType.endsWith("zstd") ? "zstd" : mediaType.endsWith("gzip") ? "gzip" : "uncompressed";
  return DEFAULT_FORMATS[kind];
}
