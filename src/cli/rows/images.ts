/** The rows and columns of `images`: one row for each name of an image. */
import { shortId } from "../../base/ids.ts";
import type { ImageSummary } from "../../wire/image.ts";
import type { RowKind } from "../format/rows.ts";
import { humanSize } from "../format/size.ts";
import { agoText, dateText } from "./times.ts";

const NONE = "<none>";
const UNKNOWN = "N/A";
const SIZE_DIGITS = 3;

export interface ImageRow {
  readonly image: ImageSummary;
  readonly repository: string;
  readonly tag: string;
  readonly digest: string;
}

/** A digest makes rows of its own only when digests are shown, or when it is the only name. */
export function toImageRows(images: readonly ImageSummary[], digests: boolean): ImageRow[] {
  return images.flatMap((image) => {
    const tags = byRepository(image.RepoTags, ":").filter(([repository]) => repository !== NONE);
    const digestsOf = new Map(byRepository(image.RepoDigests, "@").filter(([repository]) => repository !== NONE));
    const rows: ImageRow[] = [];
    for (const [repository, names] of tags) {
      const shown = (digests ? digestsOf.get(repository) : undefined) ?? [NONE];
      digestsOf.delete(repository);
      for (const tag of names) for (const digest of shown) rows.push({ image, repository, tag, digest });
    }
    for (const [repository, names] of digestsOf) {
      for (const digest of digests ? names : [""]) rows.push({ image, repository, tag: NONE, digest });
    }
    return rows.length > 0 ? rows : [{ image, repository: NONE, tag: NONE, digest: NONE }];
  });
}

/** "a:1", "a:2" and "b:1" as a -> 1, 2 and b -> 1. */
function byRepository(names: readonly string[] | null, separator: string): [string, string[]][] {
  const groups = new Map<string, string[]>();
  for (const name of names ?? []) {
    const cut = name.lastIndexOf(separator);
    const repository = name.slice(0, cut);
    groups.set(repository, [...(groups.get(repository) ?? []), name.slice(cut + 1)]);
  }
  return [...groups];
}

export interface ImageRowOptions {
  readonly truncate: boolean;
  readonly digests: boolean;
  readonly nowMs: number;
}

export function imageRows({ truncate, digests, nowMs }: ImageRowOptions): RowKind<ImageRow> {
  const table = digests ? ["Repository", "Tag", "Digest", "ID"] : ["Repository", "Tag", "ID"];
  return {
    typeName: "*formatter.imageContext",
    id: "ID",
    table: [...table, "CreatedSince", "Size"],
    raw: RAW.filter(({ column }) => digests || column !== "Digest"),
    columns: {
      Repository: { header: "REPOSITORY", value: ({ repository }) => repository },
      Tag: { header: "TAG", value: ({ tag }) => tag },
      Digest: { header: "DIGEST", value: ({ digest }) => digest },
      ID: { header: "IMAGE ID", value: ({ image }) => (truncate ? shortId(image.Id) : image.Id) },
      CreatedSince: { header: "CREATED", value: ({ image }) => agoText(image.Created, nowMs) },
      CreatedAt: { header: "CREATED AT", value: ({ image }) => dateText(image.Created) },
      Size: { header: "SIZE", value: ({ image }) => humanSize(image.Size, SIZE_DIGITS) },
      Containers: { header: "CONTAINERS", value: ({ image }) => countText(image.Containers) },
      SharedSize: { header: "SHARED SIZE", value: ({ image }) => sharedText(image, image.SharedSize) },
      UniqueSize: { header: "UNIQUE SIZE", value: ({ image }) => sharedText(image, image.Size - image.SharedSize) },
      VirtualSize: { header: "SIZE", value: ({ image }) => humanSize(image.Size) },
    },
  };
}

const RAW = [
  { name: "repository", column: "Repository" },
  { name: "tag", column: "Tag" },
  { name: "digest", column: "Digest" },
  { name: "image_id", column: "ID", quiet: true },
  { name: "created_at", column: "CreatedAt" },
  { name: "virtual_size", column: "Size" },
] as const;

const countText = (count: number): string => (count < 0 ? UNKNOWN : String(count));

/** Nobody has measured what is shared when SharedSize is -1. */
const sharedText = ({ SharedSize }: ImageSummary, size: number): string => (SharedSize < 0 ? UNKNOWN : humanSize(size));
