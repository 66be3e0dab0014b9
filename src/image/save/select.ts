/** Which images `docker save` means by the names it is given, and under which tags they are saved. After moby tarexport/save.go (28.5). */
import { notFound, systemError } from "../../base/errors.ts";
import { type Platform, platformText } from "../../wire/platform.ts";
import type { Catalog, Image } from "../catalog.ts";
import { platformOf } from "../document.ts";
import { matchesPlatform } from "../platform.ts";
import { canonical, familiar, isDigest, parseReference, type Reference, repository } from "../reference.ts";

export interface SavedImage {
  readonly image: Image;
  /** With a tag each, in the order they were asked for. */
  readonly tags: readonly Reference[];
}

const HEX_64 = /^[0-9a-f]{64}$/;

/** Throws notFound for what does not exist, and systemError in Docker's words for an image of another platform. */
export function selectImages(catalog: Catalog, refs: readonly string[], platform: Platform | undefined): SavedImage[] {
  const chosen = new Map<string, { image: Image; tags: Map<string, Reference> }>();
  for (const { image, tag } of refs.flatMap((ref) => lookUp(catalog, ref))) {
    const entry = chosen.get(image.id) ?? { image, tags: new Map() };
    chosen.set(image.id, entry);
    if (tag !== undefined) entry.tags.set(canonical(tag), tag);
  }
  const images = [...chosen.values()].map(({ image, tags }) => ({ image, tags: [...tags.values()] }));
  for (const { image } of images) checkPlatform(image, platform);
  return images;
}

interface Found {
  readonly image: Image;
  readonly tag?: Reference;
}

/** A repository without tag stands for all that is in it; an id brings no tag along. */
function lookUp(catalog: Catalog, ref: string): Found[] {
  if (HEX_64.test(ref) || isDigest(ref) || ref.startsWith("sha256:")) return [{ image: catalog.resolve(ref) }];
  const name = parseReference(ref);
  if (name.tag === undefined && name.digest === undefined) {
    const members = catalog.inRepository(repository(name));
    return members.length > 0 ? members.map(withTag) : [{ image: byId(catalog, ref) }];
  }
  const image = catalog.named(name);
  if (image === undefined) throw notFound("reference does not exist");
  return [withTag({ image, name })];
}

const withTag = ({ image, name }: { image: Image; name: Reference }): Found =>
  name.digest === undefined ? { image, tag: name } : { image };

/** Docker says the name as it stands here, without the tag it adds elsewhere. */
function byId(catalog: Catalog, ref: string): Image {
  const image = catalog.byPrefix(ref);
  if (image === undefined) throw notFound(`No such image: ${familiar(parseReference(ref))}`);
  return image;
}

function checkPlatform({ parsed }: Image, wanted: Platform | undefined): void {
  if (wanted === undefined || matchesPlatform(wanted, platformOf(parsed))) return;
  throw systemError(`no suitable export target found for platform ${platformText(wanted)}`);
}
