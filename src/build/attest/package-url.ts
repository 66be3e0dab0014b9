/** Package URLs of images (github.com/package-url/purl-spec, type "docker"). Pure. */
import { familiarRepository, parseReference, type Reference } from "../../image/reference.ts";
import { type Platform, platformText } from "../../wire/platform.ts";

/** "pkg:docker/busybox@latest?platform=linux%2Famd64" */
export function packageUrl(reference: Reference, platform: Platform): string {
  const path = familiarRepository(reference).split("/").map(encodeURIComponent).join("/");
  const version = reference.tag ?? (reference.digest === undefined ? "latest" : "");
  const qualifiers = [
    ...(reference.digest === undefined ? [] : [`digest=${encodeURIComponent(reference.digest)}`]),
    `platform=${encodeURIComponent(platformText(platform))}`,
  ];
  return `pkg:docker/${path}${version === "" ? "" : `@${version}`}?${qualifiers.join("&")}`;
}

export const packageUrlOf = (reference: string, platform: Platform): string =>
  packageUrl(parseReference(reference), platform);
