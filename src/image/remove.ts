/** Removing images: a name goes, or the image with all it has, or a conflict says why not. After moby daemon/images/image_delete.go (28.5). */
import { conflict } from "../base/errors.ts";
import { shortId } from "../base/ids.ts";
import type { ImageDeleteItem } from "../wire/image.ts";
import type { Image } from "./catalog.ts";
import { chainIds } from "./chain-id.ts";
import type { ImageContext } from "./context.ts";
import type { Platform } from "./platform.ts";
import { type Digest, familiar, parseReference, type Reference, repository, withDefaultTag } from "./reference.ts";

export interface RemoveOptions {
  readonly force: boolean;
  /** Keep parents that have no other use. */
  readonly noprune: boolean;
  /** Only when the image is for this one. */
  readonly platform?: Platform | undefined;
}

/** One removal: what it may do, and what it has done so far. */
interface Removal extends Pick<RemoveOptions, "force" | "noprune"> {
  readonly context: ImageContext;
  readonly items: ImageDeleteItem[];
}

/**
 * For how long the answer waits for the disk. What is deleted has lost its name by then, and is on its way whoever waits; a disk that is
 * told of every block it need not keep (discard) takes a quarter of a second for each gigabyte.
 */
const FREEING_MS = 200;

/** What happened, in order. Its space is free by then, or is about to be. Throws conflict, or notFound for no such image. */
export async function removeImage(
  context: ImageContext,
  ref: string,
  options: RemoveOptions,
): Promise<ImageDeleteItem[]> {
  const { force, noprune, platform } = options;
  const removal: Removal = { force, noprune, context, items: [] };
  const image = context.catalog.resolve(ref, platform);
  const byId = isIdPrefix(image.id, ref);
  if (byId) removeSoleNames(removal, image);
  else removeName(removal, image, ref);
  const isStillNamed = !byId && context.catalog.namesOf(image.id).length > 0;
  if (!isStillNamed) deleteImage(removal, image, { quietly: !byId });
  await Promise.race([collect(context), Bun.sleep(FREEING_MS)]);
  return removal.items;
}

/** Removes whole images, with all their names and the parents that only they had; their space is free when this resolves. What a container uses or another image is built on stays. */
export async function deleteImages(context: ImageContext, images: readonly Image[]): Promise<ImageDeleteItem[]> {
  const removal: Removal = { force: false, noprune: false, context, items: [] };
  for (const image of images) {
    const isKept = context.catalog.get(image.id) === undefined || findHardConflict(removal, image) !== undefined;
    if (isKept || findStoppedUser(removal, image) !== undefined) continue;
    for (const name of context.catalog.namesOf(image.id)) untag(removal, image, name);
    deleteImage(removal, image, { quietly: true });
  }
  await collect(context);
  return removal.items;
}

async function collect({ catalog, content, layers }: ImageContext): Promise<void> {
  const used = catalog.usedLayers();
  content.collect(used);
  await layers.collect(used);
}

function isIdPrefix(id: Digest, ref: string): boolean {
  return id.startsWith(ref) || id.slice("sha256:".length).startsWith(ref);
}

/** At most one tag, and nothing else than digests of the same repository. */
function isSingleName(names: readonly Reference[]): boolean {
  const tagged = names.filter(({ digest }) => digest === undefined);
  return tagged.length <= 1 && new Set(names.map(repository)).size <= 1;
}

/** With the last tag of a repository its digests go as well. */
function removeName(removal: Removal, image: Image, ref: string): void {
  const { catalog, usedBy } = removal.context;
  const [user] = usedBy(image.id);
  if (!removal.force && user !== undefined && isSingleName(catalog.namesOf(image.id))) {
    throw conflict(
      `conflict: unable to remove repository reference ${JSON.stringify(ref)} (must force) - container ${shortId(user.id)} is using its referenced image ${shortId(image.id)}`,
    );
  }
  const name = withDefaultTag(parseReference(ref));
  untag(removal, image, name);
  const siblings = catalog.namesOf(image.id).filter((other) => repository(other) === repository(name));
  if (name.digest !== undefined || siblings.some(({ digest }) => digest === undefined)) return;
  for (const sibling of siblings) {
    catalog.untag(sibling);
    removal.items.push({ Untagged: familiar(sibling) });
  }
}

/** By id, the only name goes without asking; several are a conflict later, unless forced. */
function removeSoleNames(removal: Removal, image: Image): void {
  const names = removal.context.catalog.namesOf(image.id);
  if (!isSingleName(names)) return;
  throwIfConflict(findHardConflict(removal, image) ?? (removal.force ? undefined : findStoppedUser(removal, image)));
  for (const name of names) untag(removal, image, name);
}

function untag({ context, items }: Removal, image: Image, name: Reference): void {
  context.catalog.untag(name);
  context.emit("untag", image.id, image.id);
  items.push({ Untagged: familiar(name) });
}

/** `quietly`: when only the name was asked for, what keeps the image from going is no error. */
function deleteImage(removal: Removal, image: Image, { quietly }: { quietly: boolean }): void {
  const { context, items } = removal;
  const { catalog } = context;
  const found = findHardConflict(removal, image) ?? (removal.force ? undefined : findSoftConflict(removal, image));
  if (found !== undefined && quietly && (found.isUsed || !isDangling(removal, image))) return;
  throwIfConflict(found);
  for (const name of catalog.namesOf(image.id)) untag(removal, image, name);
  const isUsed = context.usedBy(image.id).length > 0;
  catalog.delete(image.id);
  context.emit("delete", image.id, image.id);
  items.push({ Deleted: image.id }, ...(isUsed ? [] : unusedChains(removal, image)));
  const parent = catalog.get(image.parent);
  if (!removal.noprune && parent !== undefined) deleteImage({ ...removal, force: false }, parent, { quietly: true });
}

/** Layers that no other image has in the same place, the topmost first. */
function unusedChains({ context }: Removal, image: Image): ImageDeleteItem[] {
  const used = new Set(context.catalog.all().flatMap(({ parsed }) => chainIds(parsed.rootfs.diff_ids)));
  return chainIds(image.parsed.rootfs.diff_ids)
    .filter((chain) => !used.has(chain))
    .reverse()
    .map((chain) => ({ Deleted: chain }));
}

function isDangling({ context }: Removal, { id }: Image): boolean {
  return context.catalog.namesOf(id).length === 0 && context.catalog.childrenOf(id).length === 0;
}

interface Conflict {
  readonly message: string;
  /** By a container. */
  readonly isUsed: boolean;
}

function throwIfConflict(found: Conflict | undefined): void {
  if (found !== undefined) throw conflict(found.message);
}

const unable = ({ id }: Image, force: "cannot be forced" | "must be forced", why: string): string =>
  `conflict: unable to delete ${shortId(id)} (${force}) - ${why}`;

function findHardConflict({ context }: Removal, image: Image): Conflict | undefined {
  if (context.catalog.childrenOf(image.id).length > 0) {
    return { message: unable(image, "cannot be forced", "image has dependent child images"), isUsed: false };
  }
  const running = context.usedBy(image.id).find((user) => user.running);
  if (running === undefined) return undefined;
  const why = `image is being used by running container ${shortId(running.id)}`;
  return { message: unable(image, "cannot be forced", why), isUsed: true };
}

function findSoftConflict(removal: Removal, image: Image): Conflict | undefined {
  if (removal.context.catalog.namesOf(image.id).length > 0) {
    return { message: unable(image, "must be forced", "image is referenced in multiple repositories"), isUsed: false };
  }
  return findStoppedUser(removal, image);
}

function findStoppedUser({ context }: Removal, image: Image): Conflict | undefined {
  const stopped = context.usedBy(image.id).find((user) => !user.running);
  if (stopped === undefined) return undefined;
  const why = `image is being used by stopped container ${shortId(stopped.id)}`;
  return { message: unable(image, "must be forced", why), isUsed: true };
}
