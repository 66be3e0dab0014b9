/** Puts the large image into a registry, straight over HTTP, so that no engine has a part in it. */
import { createHash } from "node:crypto";
import { type Blob, type Compression, type LargeImage } from "./large-image.ts";

const MANIFEST_TYPE = "application/vnd.oci.image.manifest.v1+json";

/** The reference to pull it by. */
export async function pushImage(
  host: string,
  image: LargeImage,
  compression: Compression,
  repository = "bench/large",
): Promise<string> {
  const layers = image.layers[compression];
  const base = `http://${host}/v2/${repository}`;
  for (const blob of [...layers, image.config]) await pushBlob(base, blob);
  const describe = (mediaType: string, { digest, size }: Blob) => ({ mediaType, digest, size });
  const manifest = JSON.stringify({
    schemaVersion: 2,
    mediaType: MANIFEST_TYPE,
    config: describe("application/vnd.oci.image.config.v1+json", image.config),
    layers: layers.map((layer) => describe(`application/vnd.oci.image.layer.v1.tar+${compression}`, layer)),
  });
  const answer = await fetch(`${base}/manifests/${compression}`, {
    method: "PUT",
    headers: { "Content-Type": MANIFEST_TYPE },
    body: manifest,
  });
  if (!answer.ok) throw new Error(`manifest ${createHash("sha256").update(manifest).digest("hex")}: ${answer.status}`);
  return `${host}/${repository}:${compression}`;
}

async function pushBlob(base: string, { path, digest }: Blob): Promise<void> {
  const begun = await fetch(`${base}/blobs/uploads/`, { method: "POST" });
  const location = new URL(begun.headers.get("Location") ?? "", base);
  location.searchParams.set("digest", digest);
  const answer = await fetch(location, {
    method: "PUT",
    headers: { "Content-Type": "application/octet-stream" },
    body: Bun.file(path),
  });
  if (!answer.ok) throw new Error(`blob ${digest}: ${answer.status}`);
}
