/** Image configurations that a manifest leads to: that they fit it, and this machine. */
import { invalidParameter } from "../../base/errors.ts";
import { parseImageDocument } from "../document.ts";
import type { Digest } from "../reference.ts";
import type { ImageManifest } from "./descriptors.ts";

/** The DiffIDs of the manifest's layers. Throws invalidParameter. */
export function checkConfig(document: string, { layers }: ImageManifest): readonly Digest[] {
  const { os, rootfs } = parseImageDocument(document);
  if (os !== "" && os !== "linux") {
    throw invalidParameter(
      `image operating system ${JSON.stringify(os)} cannot be used on this platform: operating system is not supported`,
    );
  }
  const diffIds = rootfs.diff_ids;
  if (diffIds.length !== layers.length) {
    throw invalidParameter(
      `invalid manifest, layers length mismatch: expected ${layers.length}, got ${diffIds.length}`,
    );
  }
  return diffIds;
}
