/** All images in memory, as the records say: found by name, id or prefix without touching the disk. Every change goes to the records first. */
import { nowRfc3339 } from "../base/clock.ts";
import { notFound } from "../base/errors.ts";
import { type Platform, platformText } from "../wire/platform.ts";
import { type ImageWithLayers, parseImageDocument, platformOf } from "./document.ts";
import { matchesPlatform } from "./platform.ts";
import type { ImageRecord, ImageRecords } from "./records.ts";
import {
  canonical,
  type Digest,
  familiar,
  isDigest,
  parseReference,
  type Reference,
  repository,
  withDefaultTag,
} from "./reference.ts";

export interface Image extends ImageRecord {
  readonly parsed: ImageWithLayers;
}

/** Go's zero time, which the API shows for "never". */
export const NEVER = "0001-01-01T00:00:00Z";

const HEX_64 = /^[0-9a-f]{64}$/;
const toImage = (record: ImageRecord): Image => ({ ...record, parsed: parseImageDocument(record.document) });

export class Catalog {
  readonly #records: ImageRecords;
  readonly #images: Map<Digest, Image>;
  /** By canonical name. */
  readonly #names: Map<string, Digest>;

  constructor(records: ImageRecords) {
    this.#records = records;
    this.#images = new Map(records.images().map((record) => [record.id, toImage(record)]));
    this.#names = new Map(records.names().map(({ name, id }) => [name, id]));
  }

  all(): Image[] {
    return [...this.#images.values()];
  }

  get(id: string): Image | undefined {
    return isDigest(id) ? this.#images.get(id) : undefined;
  }

  /** What a name stands for, if anything. A name with tag and digest is looked up by its digest. */
  named(reference: Reference): Image | undefined {
    const id = this.#names.get(storedName(reference));
    return id === undefined ? undefined : this.#images.get(id);
  }

  /** The names of an image, tags and digests, in order. */
  namesOf(id: Digest): Reference[] {
    return [...this.#names]
      .filter(([, image]) => image === id)
      .map(([name]) => name)
      .sort()
      .map(parseReference);
  }

  /** All names in a repository ("docker.io/library/busybox"), in order. */
  inRepository(name: string): { image: Image; name: Reference }[] {
    const members = [...this.#names].filter(([key]) => key.startsWith(`${name}:`) || key.startsWith(`${name}@`));
    return members
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .flatMap(([key, id]) => {
        const image = this.#images.get(id);
        return image === undefined ? [] : [{ image, name: parseReference(key) }];
      });
  }

  /** What a stored layer weighs; undefined when no image has it. */
  layerSize(diffId: Digest): number | undefined {
    for (const { layers } of this.#images.values()) {
      const layer = layers.find((each) => each.diffId === diffId);
      if (layer !== undefined) return layer.sizeBytes;
    }
    return undefined;
  }

  /** All layers of all images. */
  usedLayers(): ReadonlySet<Digest> {
    return new Set(this.all().flatMap(({ layers }) => layers.map(({ diffId }) => diffId)));
  }

  childrenOf(id: Digest): Image[] {
    return this.all().filter((image) => image.parent === id);
  }

  /**
   * By name, full id, or unambiguous id prefix, as moby GetImage (28.5) looks: names go before ids.
   * Throws notFound("No such image: …"), also for a prefix of several and for one of another platform than the wanted one;
   * invalidParameter for what cannot be a name.
   */
  resolve(ref: string, wanted?: Platform): Image {
    const image = this.#find(ref);
    const platform = platformOf(image.parsed);
    if (wanted === undefined || matchesPlatform(wanted, platform)) return image;
    throw notFound(
      `image with reference ${ref} was found but its platform (${platformText(platform)}) does not match the specified platform (${platformText(wanted)})`,
    );
  }

  #find(ref: string): Image {
    if (HEX_64.test(ref) || isDigest(ref)) {
      const id = isDigest(ref) ? ref : `sha256:${ref}`;
      const image = this.get(id);
      if (image === undefined) throw notFound(`No such image: ${id}`);
      return image;
    }
    const reference = parseReference(ref);
    const image = this.named(reference) ?? this.byPrefix(ref);
    if (image === undefined) throw notFound(`No such image: ${familiar(withDefaultTag(reference))}`);
    return image;
  }

  /** Adds an image, or keeps the one that is there already, and gives it names. One transaction. */
  add(record: ImageRecord, names: readonly Reference[]): void {
    const known = this.#images.get(record.id) ?? toImage(record);
    const image = names.length === 0 ? known : { ...known, lastTaggedAt: nowRfc3339() };
    const stored = names.map(storedName);
    this.#records.atomically(() => {
      this.#records.putImage(image);
      for (const name of stored) this.#records.putName({ name, id: image.id });
    });
    this.#images.set(image.id, image);
    for (const name of stored) this.#names.set(name, image.id);
  }

  tag(id: Digest, reference: Reference): void {
    const image = this.#images.get(id);
    if (image === undefined) throw notFound(`No such image: ${id}`);
    this.add(image, [reference]);
  }

  untag(reference: Reference): void {
    const name = storedName(reference);
    this.#records.deleteName(name);
    this.#names.delete(name);
  }

  delete(id: Digest): void {
    this.#records.deleteImage(id);
    this.#images.delete(id);
    for (const [name, image] of this.#names) if (image === id) this.#names.delete(name);
  }

  /** The only image whose id begins so; undefined for none and for several. */
  byPrefix(ref: string): Image | undefined {
    const prefix = ref.startsWith("sha256:") ? ref : `sha256:${ref}`;
    const found = this.all().filter(({ id }) => id.startsWith(prefix));
    return found.length === 1 ? found[0] : undefined;
  }
}

/** The key of a name: its tag does not count where it has a digest. */
function storedName(reference: Reference): string {
  return reference.digest === undefined
    ? canonical(withDefaultTag(reference))
    : `${repository(reference)}@${reference.digest}`;
}
