/** What clients are told of an image that was exported: metadata files and image ids are made of it. Pure. */
import type { Descriptor } from "./image-json.ts";
import type { WrittenImage } from "./write-image.ts";

export interface Exported extends Pick<WrittenImage, "root" | "images"> {
  /** As clients are shown them. */
  readonly names: readonly string[];
}

export function answersOf({ root, images, names }: Exported): Map<string, string> {
  const [only, ...others] = images;
  const isOne = only !== undefined && others.length === 0 && only.document.digest === root.digest;
  return new Map([
    ["containerimage.digest", root.digest],
    ...(isOne ? [["containerimage.config.digest", only.config.digest] as const] : []),
    ["containerimage.descriptor", encodeDescriptor(root)],
    ...(names.length === 0 ? [] : [["image.name", names.join(",")] as const]),
  ]);
}

const encodeDescriptor = (descriptor: Descriptor): string => Buffer.from(JSON.stringify(descriptor)).toString("base64");
